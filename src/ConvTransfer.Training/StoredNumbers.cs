using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>The tensors that stand in a model under a name: its initializers, and the values of Constant nodes.</summary>
public static class StoredNumbers
{
    private const string Tensor = "value", Float = "value_float", Floats = "value_floats";

    /// <summary>All of them by name: of the graph itself, not of the bodies of nodes and functions. A Constant node's has the name of what the node makes.</summary>
    public static IReadOnlyDictionary<string, TensorData> Of(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var all = new Dictionary<string, TensorData>();
        foreach (var data in model.Graph.Initializers) all.TryAdd(data.Name, data);
        foreach (var node in model.Graph.Nodes)
            if (ValueOf(node) is { } data) all.TryAdd(data.Name, data);
        return all;
    }

    /// <summary>Gives stored tensors other content of the same element type and shape. A Constant node stays a node and holds the new value: so a trained network differs from its source in numbers, and not in its nodes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="replacements">The content, by name.</param>
    /// <exception cref="ArgumentException">The model holds no tensor of a given name, or its type or shape differs.</exception>
    public static Model Replace(Model model, IEnumerable<TensorData> replacements)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(replacements);
        var byName = replacements.ToDictionary(t => t.Name);
        var nodes = model.Graph.Nodes.Select(n => ValueOf(n) is { } was && byName.Remove(was.Name, out var now) ? With(n, was, now) : n).ToValueList();
        return model with { Graph = (model.Graph with { Nodes = nodes }).ReplaceInitializers(byName.Values) };
    }

    /// <summary>Refuses a training whose result could not be written back.</summary>
    /// <param name="model">The model that is handed back.</param>
    /// <param name="names">The names of what is trained.</param>
    /// <exception cref="ConvTransferException">The model does not hold one of them.</exception>
    public static void Require(Model model, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var all = Of(model);
        string[] missing = [.. names.Where(n => !all.ContainsKey(n))];
        if (missing.Length > 0) throw new ConvTransferException(FailureCause.Unsupported, $"what a training gives could not be written back: {DisplayText.List(missing, most: 5)} {(missing.Length == 1 ? "stands" : "stand")} in the body of a function. Freeze the layers that use it", model.File);
    }

    /// <summary>The model with initializers in the place of Constant nodes, under the same names.</summary>
    /// <param name="model">The model.</param>
    /// <param name="names">The names of the values; what is an initializer already stays as it is.</param>
    internal static Model AsInitializers(Model model, IReadOnlySet<string> names)
    {
        TensorData[] moved = [.. model.Graph.Nodes.Select(ValueOf).OfType<TensorData>().Where(t => names.Contains(t.Name))];
        if (moved.Length == 0) return model;
        var nodes = model.Graph.Nodes.Where(n => ValueOf(n) is not { } data || !names.Contains(data.Name)).ToValueList();
        return model with { Graph = model.Graph with { Nodes = nodes, Initializers = [.. model.Graph.Initializers, .. moved] } };
    }

    /// <summary>What a Constant node holds, named after the value that it makes. Null for another node, and for one that holds neither a tensor nor floats.</summary>
    internal static TensorData? ValueOf(Node node)
    {
        if (node.OpType != "Constant" || node.CanonicalDomain.Length > 0 || node.Outputs is not [{ Length: > 0 } name] || node.Attributes is not [var attribute]) return null;
        return (attribute.Name, attribute.Value) switch
        {
            (Tensor, AttributeValue.Tensor value) => value.Value with { Name = name, Origin = null },
            (Float, AttributeValue.Float value) => TensorData.From<float>(name, [], [value.Value]),
            (Floats, AttributeValue.Floats values) => TensorData.From(name, [values.Values.Count], values.Values.AsSpan()),
            _ => null,
        };
    }

    private static Node With(Node node, TensorData was, TensorData now)
    {
        if (was.ElementType != now.ElementType || was.Dims != now.Dims) throw new ArgumentException($"'{DisplayText.Escape(was.Name)}' is {was.Type}, the replacement {now.Type}");
        var attribute = node.Attributes[0];
        AttributeValue value = attribute.Value switch
        {
            AttributeValue.Tensor old => new AttributeValue.Tensor(old.Value with { Bytes = now.Bytes, Strings = now.Strings }),
            AttributeValue.Float => new AttributeValue.Float(MemoryMarshal.Read<float>(now.Bytes.Span)),
            _ => new AttributeValue.Floats(ValueList.Create(MemoryMarshal.Cast<byte, float>(now.Bytes.Span))),
        };
        return node with { Attributes = [attribute with { Value = value }] };
    }
}
