using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;

namespace ConvTransfer.Benchmarks;

/// <summary>Full-size networks with seeded random weights, made from files whose large weights are ConstantOfShape nodes.</summary>
internal static class RandomNetwork
{
    /// <summary>Replaces each ConstantOfShape over an initializer by an initializer of the same name: He weights where it has two axes or more.</summary>
    public static Model Fill(string lightFile, long seed)
    {
        var model = OnnxFile.Read(lightFile);
        var graph = model.Graph;
        var shapes = graph.Initializers.Where(t => t.ElementType == ElementType.Int64).ToDictionary(t => t.Name);
        var nodes = new List<Node>();
        var weights = new List<TensorData>();
        foreach (var node in graph.Nodes)
        {
            if (node.OpType != "ConstantOfShape" || !shapes.TryGetValue(node.Inputs[0], out var shape))
            {
                nodes.Add(node);
                continue;
            }
            using var dims = shape.ToTensor();
            weights.Add(Weights(node.Outputs[0], dims.AsSpan<long>().ToArray(), seed, weights.Count));
        }
        var read = nodes.SelectMany(n => n.Inputs).ToHashSet();
        return model with
        {
            Graph = graph with
            {
                Nodes = nodes.ToValueList(),
                Initializers = graph.Initializers.Where(t => read.Contains(t.Name)).Concat(weights).ToValueList(),
                Inputs = graph.Inputs.Where(i => read.Contains(i.Name)).ToValueList(),
            },
            IrVersion = Math.Max(4, model.IrVersion),
        };
    }

    private static TensorData Weights(string name, long[] dims, long seed, long layer) => dims.Length >= 2
        ? HeInitialization.Weights(name, dims, seed, layer)
        : TensorData.From<float>(name, dims, new float[dims.Aggregate(1L, (a, b) => a * b)]);
}
