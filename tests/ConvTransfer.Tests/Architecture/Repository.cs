namespace ConvTransfer.Tests.Architecture;

/// <summary>The sources that this test project was built from.</summary>
internal static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path below the root.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The C# files that people write, in ordinal order, relative to the root.</summary>
    public static IEnumerable<string> SourceFiles(params string[] folders) => folders
        .SelectMany(f => Directory.EnumerateFiles(PathOf(f), "*.cs", SearchOption.AllDirectories))
        .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    /// <summary>True when the tests shall write the checked-in texts that they otherwise compare with.</summary>
    public static bool Regenerates => Environment.GetEnvironmentVariable(RegenerateVariable) == "1";

    /// <summary>Compares a checked-in text with what the code says now, or writes it.</summary>
    public static void CheckText(string relativePath, string now)
    {
        string path = PathOf(relativePath.Split('/'));
        string before = File.Exists(path) ? File.ReadAllText(path) : "";
        if (before == now) return;
        if (Regenerates)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, now);
            return;
        }
        string[] old = before.Split('\n'), current = now.Split('\n');
        var lines = old.Except(current).Select(l => $"- {l}").Concat(current.Except(old).Select(l => $"+ {l}")).Take(40);
        Assert.Fail($"{relativePath} is stale. If the change is wanted, run this and commit the file:\n  {RegenerateVariable}=1 dotnet test tests/ConvTransfer.Tests -c Release --filter FullyQualifiedName~Architecture\n{string.Join('\n', lines)}");
    }

    private const string RegenerateVariable = "CONVTRANSFER_REGENERATE";

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "ConvTransfer.sln"))) return folder.FullName;
        throw new InvalidOperationException("ConvTransfer.sln lies in no folder above the tests");
    }
}
