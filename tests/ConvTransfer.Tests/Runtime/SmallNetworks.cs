using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Runtime;

/// <summary>Networks of a few nodes for tests that look at structure.</summary>
internal static class SmallNetworks
{
    /// <summary>
    /// image [1, 3, 8, 8] → Conv 3x3 stride 2 (stem) → two branches of Conv 1x1 and 3x3 (left, right) → Concat (block) → Identity (kept) → Conv 1x1 (classes)
    /// → GlobalAveragePool (pooled) → Flatten (scores).
    /// </summary>
    public static Model ConvolutionAsClassifier => Model(
        [
            Conv("image", "w0", "stem", [1, 1, 1, 1], [2, 2]),
            Conv("stem", "w1", "left", [0, 0, 0, 0], [1, 1]),
            Conv("stem", "w2", "right", [1, 1, 1, 1], [1, 1]),
            new Node("Concat", ["left", "right"], ["block"]) { Attributes = [new NodeAttribute("axis", new AttributeValue.Int(1))] },
            new Node("Identity", ["block"], ["kept"]),
            Conv("kept", "w3", "classes", [0, 0, 0, 0], [1, 1]),
            new Node("GlobalAveragePool", ["classes"], ["pooled"]),
            new Node("Flatten", ["pooled"], ["scores"]),
        ],
        [Weights("w0", 4, 3, 3, 3), Weights("w1", 2, 4, 1, 1), Weights("w2", 2, 4, 3, 3), Weights("w3", 5, 4, 1, 1)], "scores", [1, 5]);

    /// <summary>image [1, 3, 8, 8] → Conv 3x3 (stem) → MaxPool 2x2 (smaller) → Reshape to [1, 64] (flat) → Gemm (hidden) → Gemm (scores).</summary>
    public static Model DenseBehindReshape => Model(
        [
            Conv("image", "w0", "stem", [1, 1, 1, 1], [1, 1]),
            new Node("MaxPool", ["stem"], ["smaller"]) { Attributes = [Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)] },
            new Node("Reshape", ["smaller", "shape"], ["flat"]),
            new Node("Gemm", ["flat", "w1"], ["hidden"]),
            new Node("Gemm", ["hidden", "w2"], ["scores"]),
        ],
        [Weights("w0", 4, 3, 3, 3), TensorData.From<long>("shape", [2], [1, 64]), Weights("w1", 64, 6), Weights("w2", 6, 5)], "scores", [1, 5]);

    /// <summary>A model around nodes that read "image", float [1, 3, 8, 8].</summary>
    public static Model Model(Node[] nodes, TensorData[] initializers, string output, long[] outputShape) => new(new Graph
    {
        Name = "small",
        Nodes = [.. nodes],
        Initializers = [.. initializers],
        Inputs = [new ValueInfo("image", new TensorType(ElementType.Float32, [1, 3, 8, 8]))],
        Outputs = [new ValueInfo(output, new TensorType(ElementType.Float32, outputShape.Select(d => (Dim)d).ToValueList()))],
    })
    { IrVersion = 8, OpsetImports = [new OpsetImport("", 13)] };

    /// <summary>Weights that differ from one another and are powers of two apart from nothing: sums of them are exact.</summary>
    public static TensorData Weights(string name, params long[] dims)
    {
        long count = dims.Aggregate(1L, (a, b) => a * b);
        return TensorData.From<float>(name, dims, Enumerable.Range(0, (int)count).Select(i => ((i * 7 % 11) - 5) / 8f).ToArray());
    }

    public static NodeAttribute Ints(string name, params long[] values) => new(name, new AttributeValue.Ints([.. values]));

    private static Node Conv(string from, string weights, string to, long[] pads, long[] strides) => new("Conv", [from, weights], [to]) { Attributes = [Ints("pads", pads), Ints("strides", strides)] };
}
