namespace ConvTransfer.Graphs;

/// <summary>Gives names that a graph does not use yet, neither for values nor for nodes, nor inside the bodies of nodes.</summary>
public sealed class UniqueNames
{
    private readonly HashSet<string> _taken = [];

    /// <summary>Starts with the names of a graph.</summary>
    public UniqueNames(Graph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Collect(graph);
    }

    /// <summary>A name that begins as wanted and is from now on taken: the wanted one itself, or with "_1", "_2" and so on behind it.</summary>
    public string Fresh(string wanted)
    {
        ArgumentException.ThrowIfNullOrEmpty(wanted);
        string name = wanted;
        for (int i = 1; !_taken.Add(name); i++) name = $"{wanted}_{i}";
        return name;
    }

    private void Collect(Graph graph)
    {
        _taken.UnionWith(graph.OwnValues());
        _taken.UnionWith(graph.Outputs.Select(o => o.Name));
        _taken.UnionWith(graph.ValueInfos.Select(v => v.Name));
        foreach (var node in graph.Nodes)
        {
            _taken.Add(node.Name);
            _taken.UnionWith(node.Inputs);
            foreach (var body in node.Subgraphs) Collect(body);
        }
    }
}
