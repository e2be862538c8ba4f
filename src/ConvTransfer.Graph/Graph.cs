namespace ConvTransfer.Graphs;

/// <summary>A network as data: nodes in the file's order, inputs, outputs and initializers. Immutable; it knows no operator's meaning.</summary>
public sealed record Graph
{
    /// <summary>The graph's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The nodes in the file's order.</summary>
    public ValueList<Node> Nodes { get; init; }

    /// <summary>The declared inputs; files of IR 3 list the initializers here too.</summary>
    public ValueList<ValueInfo> Inputs { get; init; }

    /// <summary>The declared outputs.</summary>
    public ValueList<ValueInfo> Outputs { get; init; }

    /// <summary>The constant tensors.</summary>
    public ValueList<TensorData> Initializers { get; init; }

    /// <summary>Declared types of inner values.</summary>
    public ValueList<ValueInfo> ValueInfos { get; init; }

    /// <summary>Names of sparse initializers: kept through files, not computed with.</summary>
    public ValueList<string> SparseInitializers { get; init; }

    /// <summary>The documentation string; null when the file has none.</summary>
    public string? DocString { get; init; }

    /// <summary>Key and value pairs (IR 10).</summary>
    public ValueList<KeyValuePair<string, string>> Metadata { get; init; }

    /// <summary>The element of the source file that this came from; opaque to everyone but the exporter.</summary>
    public object? Origin { get; init; }

    /// <summary>The inputs that a caller must give: those that no initializer provides.</summary>
    public IEnumerable<ValueInfo> RequiredInputs
    {
        get
        {
            var given = Initializers.Select(t => t.Name).ToHashSet();
            return Inputs.Where(i => !given.Contains(i.Name));
        }
    }

    /// <summary>True when an input, an initializer or a node gives the graph a value of that name; the bodies of nodes do not count.</summary>
    public bool Defines(string value) => OwnValues().Contains(value);

    /// <summary>The values that the graph reads but does not make: for a subgraph what it captures from around it, for a sound main graph none.</summary>
    public IEnumerable<string> Captures()
    {
        var own = OwnValues().ToHashSet();
        return Nodes.SelectMany(n => n.Reads()).Concat(Outputs.Select(o => o.Name)).Where(name => name.Length > 0 && !own.Contains(name));
    }

    /// <summary>The names of all values that the graph gives itself: inputs, initializers, and what its nodes make.</summary>
    internal IEnumerable<string> OwnValues() =>
        Inputs.Select(i => i.Name).Concat(Initializers.Select(t => t.Name)).Concat(SparseInitializers).Concat(Nodes.SelectMany(n => n.Outputs)).Where(name => name.Length > 0);
}
