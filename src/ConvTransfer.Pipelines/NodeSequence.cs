using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>Nodes written one after another, with the constants that they read. Every name is one that the graph they are made for does not use.</summary>
/// <param name="graph">The graph that they are made for.</param>
internal sealed class NodeSequence(Graph graph)
{
    private readonly UniqueNames _names = new(graph);
    private readonly List<Node> _nodes = [];
    private readonly List<TensorData> _constants = [];

    /// <summary>The nodes in order.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>The constants that they read.</summary>
    public IReadOnlyList<TensorData> Constants => _constants;

    /// <summary>A name that is not used yet.</summary>
    public string Fresh(string wanted) => _names.Fresh(wanted);

    /// <summary>Adds a node with one output and returns the output's name, which is the node's name too.</summary>
    /// <param name="wanted">What the name begins with.</param>
    /// <param name="op">An operator of ai.onnx.</param>
    /// <param name="inputs">The inputs; empty where one is left out.</param>
    /// <param name="attributes">The attributes.</param>
    public string Add(string wanted, string op, string[] inputs, params NodeAttribute[] attributes)
    {
        string name = Fresh(wanted);
        AddAs(name, op, inputs, attributes);
        return name;
    }

    /// <summary>Adds a node whose one output has exactly this name.</summary>
    public void AddAs(string name, string op, string[] inputs, params NodeAttribute[] attributes) =>
        _nodes.Add(new Node(op, [.. inputs], [name]) { Name = name, Attributes = [.. attributes] });

    /// <summary>Gives the output of the last node this name.</summary>
    public void EndAs(string name) => _nodes[^1] = _nodes[^1] with { Outputs = [name] };

    /// <summary>Adds a constant and returns its name.</summary>
    public string Constant<T>(string wanted, long[] dims, ReadOnlySpan<T> values) where T : unmanaged
    {
        string name = Fresh(wanted);
        _constants.Add(TensorData.From(name, dims, values));
        return name;
    }

    /// <summary>Adds a vector of int64 and returns its name.</summary>
    public string Integers(string wanted, params long[] values) => Constant<long>(wanted, [values.Length], values);

    /// <summary>Adds a vector of strings and returns its name.</summary>
    public string Strings(string wanted, ValueList<string> values)
    {
        string name = Fresh(wanted);
        using var tensor = Tensor.FromStrings(new Shape(values.Count), values.AsSpan());
        _constants.Add(TensorData.From(name, tensor));
        return name;
    }

    /// <summary>An integer attribute.</summary>
    public static NodeAttribute Attribute(string name, long value) => new(name, new AttributeValue.Int(value));

    /// <summary>A float attribute.</summary>
    public static NodeAttribute Attribute(string name, float value) => new(name, new AttributeValue.Float(value));

    /// <summary>A text attribute.</summary>
    public static NodeAttribute Attribute(string name, string value) => new(name, new AttributeValue.String(value));

    /// <summary>A list of integers.</summary>
    public static NodeAttribute Attribute(string name, long[] values) => new(name, new AttributeValue.Ints([.. values]));
}
