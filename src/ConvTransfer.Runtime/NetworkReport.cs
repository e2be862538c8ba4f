using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>One node of a network, as a reader of it wants to see it.</summary>
/// <param name="Name">The node's own name; often empty.</param>
/// <param name="Operator">The operator, with its domain where that is not ai.onnx.</param>
/// <param name="Outputs">The names of the values that it makes.</param>
/// <param name="OutputType">The type of its first output, symbolic lengths included; null when it cannot be told.</param>
/// <param name="Parameters">Elements of the constants that it computes with, such as weights and biases.</param>
/// <param name="MultiplyAdds">Multiplications with addition for one image; null when it cannot be told.</param>
/// <param name="ReceptiveField">The field of one output element on the network's input; null where the node is no longer a picture or what it sees cannot be told.</param>
public sealed record LayerReport(string Name, string Operator, ValueList<string> Outputs, TensorType? OutputType, long Parameters, long? MultiplyAdds, ReceptiveField? ReceptiveField);

/// <summary>How far one element of a value sees on the input picture, per spatial axis.</summary>
/// <param name="Size">The length that it sees, padding included; the longest path counts.</param>
/// <param name="Stride">The step on the input between neighbouring elements.</param>
/// <param name="IsWhole">True when it sees everything; sizes and strides are then empty.</param>
public sealed record ReceptiveField(ValueList<long> Size, ValueList<long> Stride, bool IsWhole);

/// <summary>What a network consists of: its layers with shapes, parameters and cost, the totals, and the values at which it can be cut.</summary>
/// <param name="Layers">The nodes that the outputs need, each after those that it reads; what follows from constants alone is left out.</param>
/// <param name="Parameters">Elements of all constants that the layers compute with, shared ones counted once.</param>
/// <param name="MultiplyAdds">The sum over the layers for one image; null when a layer's is not known.</param>
/// <param name="CutPoints">Where the network can be cut so that nothing passes beside.</param>
/// <param name="Problems">What is wrong or odd, such as operators that are not supported.</param>
public sealed record NetworkReport(ValueList<LayerReport> Layers, long Parameters, long? MultiplyAdds, ValueList<CutPoint> CutPoints, ProblemList Problems)
{
    /// <summary>Looks at a model. Nothing is run; a model that cannot be run is reported as far as it is understood.</summary>
    /// <param name="model">The model.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    public static NetworkReport Of(Model model, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        limits ??= Limits.Default;
        var problems = new ProblemList();
        using var typed = new TypedModel(model, limits, problems);
        // Costs need numbers: an open batch counts as one image.
        using var single = new TypedModel(model, limits, new ProblemList(), batch: 1);
        var fields = new ReceptiveFields(single);
        var layers = new List<LayerReport>();
        var counted = new HashSet<string>();
        long parameters = 0;
        for (int i = 0; i < typed.Nodes.Count; i++)
        {
            var (node, context) = typed.Nodes[i];
            string[] weights = [.. typed.Weights(node).Distinct()];
            if (node.Outputs.All(o => o.Length == 0 || typed.IsConstant(o))) continue;
            long Elements(string name) => typed.TypeOf(name) is { IsStatic: true } type ? type.ToShape().ElementCount : 0;
            parameters += weights.Where(counted.Add).Sum(Elements);
            var cost = single.Nodes[i].Context is { } known ? NodeCost.Of(known) : null;
            layers.Add(new LayerReport(node.Name, node.CanonicalDomain.Length == 0 ? node.OpType : $"{node.Domain}:{node.OpType}", node.Outputs,
                context is null || !context.HasOutput(0) ? null : TypedModel.Declarable(context.Output(0)), weights.Sum(Elements), cost?.MultiplyAdds, fields.Visit(node, cost)));
        }
        long? total = layers.Any(l => l.MultiplyAdds is null) ? null : layers.Sum(l => l.MultiplyAdds!.Value);
        return new NetworkReport(layers.ToValueList(), parameters, total, Runtime.CutPoints.Of(typed).ToValueList(), problems);
    }
}
