using ConvTransfer.Core;

namespace ConvTransfer.Graphs;

/// <summary>One application of an operator. An empty input or output name stands for an optional one left out.</summary>
public sealed record Node(string OpType, ValueList<string> Inputs, ValueList<string> Outputs)
{
    /// <summary>The node's own name; often empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>The operator's domain; empty for ai.onnx, as files mostly write it.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The overload of a model-local function (IR 10); mostly empty.</summary>
    public string Overload { get; init; } = "";

    /// <summary>The attributes in the file's order.</summary>
    public ValueList<NodeAttribute> Attributes { get; init; }

    /// <summary>The documentation string; null when the file has none.</summary>
    public string? DocString { get; init; }

    /// <summary>Key and value pairs (IR 10).</summary>
    public ValueList<KeyValuePair<string, string>> Metadata { get; init; }

    /// <summary>The element of the source file that this came from; opaque to everyone but the exporter.</summary>
    public object? Origin { get; init; }

    /// <summary>The domain, with "ai.onnx" written as the empty string.</summary>
    public string CanonicalDomain => Domain == "ai.onnx" ? "" : Domain;

    /// <summary>The attribute of that name, or null.</summary>
    public NodeAttribute? Attribute(string name)
    {
        foreach (var attribute in Attributes)
            if (attribute.Name == name) return attribute;
        return null;
    }

    /// <summary>The bodies that the node's attributes hold, such as the branches of an If.</summary>
    public IEnumerable<Graph> Subgraphs
    {
        get
        {
            foreach (var attribute in Attributes)
            {
                if (attribute.Value is AttributeValue.Subgraph one) yield return one.Value;
                else if (attribute.Value is AttributeValue.Subgraphs many)
                    foreach (var graph in many.Values) yield return graph;
            }
        }
    }

    /// <summary>The values that the node needs, in order, with repetitions: its inputs, then what its subgraphs capture from around them.</summary>
    public IEnumerable<string> Reads() => Inputs.Where(i => i.Length > 0).Concat(Subgraphs.SelectMany(g => g.Captures()));

    /// <summary>How messages call the node: its operator and name, or its operator and first output where it has no name.</summary>
    public string DisplayName => Name.Length > 0
        ? $"{DisplayText.Escape(OpType)} node '{DisplayText.Escape(Name)}'"
        : $"{DisplayText.Escape(OpType)} node that makes '{DisplayText.Escape(Outputs.FirstOrDefault(o => o.Length > 0) ?? "")}'";
}
