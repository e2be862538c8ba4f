namespace ConvTransfer.Tests.Architecture;

/// <summary>Inside a room the namespaces form no cycle.</summary>
public sealed class NamespaceTests
{
    // The list of all operators stands with the contract that they implement, and names their families.
    private static readonly string[] TablesOfContents = ["ConvTransfer.Operators.OperatorSet"];

    public static TheoryData<string> RoomNames => Rooms.Names;

    [Theory]
    [MemberData(nameof(RoomNames))]
    public void NamespacesFormNoCycle(string room)
    {
        var edges = Edges(Rooms.Named(room));
        var done = new HashSet<string>();
        foreach (string start in edges.Keys) Visit(start, []);

        void Visit(string at, List<string> path)
        {
            int seen = path.IndexOf(at);
            if (seen >= 0) Assert.Fail(string.Join("\n", path.Skip(seen).Append(at).Zip(path.Skip(seen + 1).Append(at), (a, b) => a == b ? null : $"{a} needs {b}: {edges[a][b]}").OfType<string>()));
            if (done.Contains(at)) return;
            path.Add(at);
            foreach (string to in edges.GetValueOrDefault(at)?.Keys.ToArray() ?? []) Visit(to, path);
            path.RemoveAt(path.Count - 1);
            done.Add(at);
        }
    }

    // From each namespace to those it needs, with an example.
    private static SortedDictionary<string, SortedDictionary<string, string>> Edges(Room room)
    {
        var edges = new SortedDictionary<string, SortedDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var type in room.Assembly.GetTypes())
        {
            if (type.Namespace?.StartsWith("ConvTransfer", StringComparison.Ordinal) != true || TablesOfContents.Contains(type.FullName)) continue;
            foreach (var used in TypeReferences.Of(type).Types)
            {
                if (used.Assembly != room.Assembly || used.Namespace is null || used.Namespace == type.Namespace) continue;
                if (!edges.TryGetValue(type.Namespace, out var to)) edges[type.Namespace] = to = new(StringComparer.Ordinal);
                to.TryAdd(used.Namespace, $"{type.FullName} uses {used.FullName}");
            }
        }
        return edges;
    }
}
