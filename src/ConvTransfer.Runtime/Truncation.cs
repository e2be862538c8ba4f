using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>Cuts a network at a value.</summary>
public static class Truncation
{
    /// <summary>The network up to a value, which becomes its only output. Nodes and initializers that it does not need go; what subgraphs capture stays.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The exact name of a value that a node makes, or <see cref="CutPoints.Penultimate"/> or <see cref="CutPoints.LastConv"/>.</param>
    /// <param name="pool">Pooling over the spatial axes: of a value [N, C, …] the output is then [N, C], or [N, 2 C] for <see cref="Pooling.GlobalAverageAndMax"/>.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <returns>The cut network, with the type of its output where that follows from the declared inputs. Its result has the bits of the whole network's value.</returns>
    /// <exception cref="ArgumentException">No node makes such a value, or a value without spatial axes, or of unknown rank, shall be pooled.</exception>
    public static Model TruncateAt(this Model model, string cut, Pooling pool = Pooling.None, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(cut);
        using var typed = new TypedModel(model, limits ?? Limits.Default, new ProblemList());
        string value = CutPoints.Resolve(typed, cut);
        var type = TypedModel.Declarable(typed.TypeOf(value));
        var graph = model.Graph.CutAt(value, type);
        if (pool == Pooling.None) return model with { Graph = graph };

        // A declared type serves where ours cannot be told, because an operator before is not supported.
        type = graph.Outputs[0].Type as TensorType;
        string shown = $"value '{DisplayText.Escape(value)}'";
        if (type?.Dims is not { } dims) throw new ArgumentException($"{shown} cannot be pooled: the number of its axes is not known", nameof(pool));
        if (dims.Count < 3) throw new ArgumentException($"{shown} is {type} and has no spatial axes to pool over; leave pooling out", nameof(pool));
        var names = new UniqueNames(graph);
        string pooled = names.Fresh("pooled"), features = names.Fresh("features");
        var nodes = new List<Node> { new("GlobalAveragePool", [value], [pooled]) { Name = names.Fresh("global_average_pool") } };
        var channels = dims[1];
        if (pool == Pooling.GlobalAverageAndMax)
        {
            string most = names.Fresh("pooled_max"), both = names.Fresh("pooled_both");
            nodes.Add(new Node("GlobalMaxPool", [value], [most]) { Name = names.Fresh("global_max_pool") });
            nodes.Add(new Node("Concat", [pooled, most], [both]) { Name = names.Fresh("concat_pooled"), Attributes = [new NodeAttribute("axis", new AttributeValue.Int(1))] });
            pooled = both;
            channels = channels.IsKnown ? channels.Value * 2 : Dim.Unknown;
        }
        nodes.Add(new Node("Flatten", [pooled], [features]) { Name = names.Fresh("flatten_features") });
        return model with { Graph = graph.Append(nodes, outputs: [new ValueInfo(features, type with { Dims = [dims[0], channels] })]) };
    }
}
