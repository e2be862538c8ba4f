using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Operators.Nn;

internal sealed class ConvTransposeProblems : OperatorProblems
{
    public override string OpType => "ConvTranspose";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 11, 22 }) yield return Of($"opset {opset}", opset, [2, 3, 5, 6], [3, 4, 3, 3], [Pads(1, 1, 1, 1)]);
        foreach (long w in new long[] { 1, 3, 4, 7, 8, 15, 16, 17, 33, 35 }) yield return Of($"rows of {w}, stride 2", 13, [1, 2, 3, w], [2, 5, 3, 3], [Strides(2, 2)]);
        yield return Of("pointwise", 13, [3, 15, 5, 5], [15, 7, 1, 1], []);
        yield return Of("kernel 2, stride 2, many channels", 13, [2, 20, 5, 7], [20, 33, 2, 2], [Strides(2, 2)]);
        yield return Of("stride longer than the kernel", 13, [2, 3, 4, 5], [3, 2, 2, 1], [Strides(3, 4)]);
        yield return Of("unequal strides, dilations and pads", 13, [1, 2, 6, 5], [2, 3, 2, 3], [Strides(3, 1), Dilations(2, 3), Pads(1, 0, 0, 2)]);
        yield return Of("output padding", 13, [2, 3, 4, 5], [3, 2, 3, 3], [Strides(3, 2), Pads(1, 1, 0, 1), ProblemData.Attribute("output_padding", 2L, 1L)]);
        yield return Of("output padding below the dilation", 13, [1, 2, 4], [2, 3, 3], [ProblemData.List("dilations", 3), ProblemData.List("output_padding", 2)]);
        yield return Of("pads beyond the windows", 13, [1, 2, 7], [2, 2, 2], [ProblemData.List("pads", 3, 4)]);
        yield return Of("two groups", 13, [2, 4, 5, 5], [4, 3, 3, 3], [ProblemData.Attribute("group", 2), Strides(2, 1)]);
        yield return Of("depthwise", 13, [2, 6, 5, 9], [6, 1, 3, 3], [ProblemData.Attribute("group", 6), Strides(2, 2), Pads(1, 1, 1, 1)]);
        yield return Of("1-D", 13, [2, 3, 17], [3, 5, 4], [ProblemData.List("strides", 2), ProblemData.List("pads", 1, 1)]);
        yield return Of("3-D", 13, [1, 2, 3, 4, 3], [2, 3, 2, 3, 2], [Strides(1, 2, 2), ProblemData.Attribute("pads", 0L, 1L, 1L, 1L, 0L, 1L)]);
        yield return Of("a single element, stride of a thousand", 13, [1, 2, 1, 1], [2, 3, 3, 3], [Strides(1000, 1000)]);
        yield return Of("more phases than have a plan each", 13, [1, 1, 2, 2], [1, 2, 2, 2], [Strides(9, 11)]);
        yield return Of("no image", 13, [0, 2, 5, 5], [2, 3, 3, 3], [Strides(2, 2)]);
        yield return Of("kernel_shape", 13, [1, 2, 5, 5], [2, 3, 3, 2], [ProblemData.Attribute("kernel_shape", 3L, 2L)]);
        foreach (string mode in new[] { "SAME_UPPER", "SAME_LOWER", "VALID" })
        {
            yield return Of(mode, 13, [1, 2, 5, 6], [2, 3, 4, 3], [Strides(2, 1), ProblemData.Attribute("auto_pad", mode)]);
            yield return Of($"output shape, {mode}", 13, [1, 2, 4, 5], [2, 3, 3, 3], [Strides(2, 2), ProblemData.Attribute("auto_pad", mode), ProblemData.Attribute("output_shape", 8L, 10L)]);
        }
        yield return Of("SAME_UPPER with a window shorter than the stride", 13, [1, 2, 5], [2, 3, 2], [ProblemData.List("strides", 3), ProblemData.Attribute("auto_pad", "SAME_UPPER")]);
        yield return Of("output shape beyond the windows", 13, [1, 2, 3, 3], [2, 3, 3, 3], [Strides(3, 2), ProblemData.Attribute("output_shape", 10L, 8L)]);
        yield return OperatorProblem.Of("weights at run time, no bias", OpType, 13, [ProblemData.Normal(1, 1, 2, 6, 6), ProblemData.Normal(2, 2, 3, 3, 3)], batchInput: 0);
        yield return OperatorProblem.Of("float64", OpType, 13, [Wide([1, 2, 5, 5]), Wide([2, 3, 3, 3]).AsConstant(), Wide([3]).AsConstant()], batchInput: 0);
    }

    private OperatorProblem Of(string name, long opset, long[] x, long[] w, NodeAttribute[] attributes)
    {
        long group = attributes.FirstOrDefault(a => a.Name == "group")?.Value is AttributeValue.Int g ? g.Value : 1;
        return OperatorProblem.Of(name, OpType, opset, [ProblemData.Normal(1, x), ProblemData.Normal(2, w).AsConstant(), ProblemData.Normal(3, w[1] * group).AsConstant()], attributes, batchInput: 0);
    }

    private static NodeAttribute Strides(params long[] values) => ProblemData.Attribute("strides", values);

    private static NodeAttribute Dilations(params long[] values) => ProblemData.Attribute("dilations", values);

    private static NodeAttribute Pads(params long[] values) => ProblemData.Attribute("pads", values);

    private static ProblemInput Wide(long[] dims) => ProblemData.Of(dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(i => System.Math.Sin(i))]);
}

/// <summary>What the definition of a transposed convolution says.</summary>
public sealed class ConvTransposeTests
{
    // ⟨Conv(x), y⟩ = ⟨x, ConvTranspose(y)⟩ with the same weights and attributes: the one is the adjoint of the other.
    [Theory]
    [InlineData(7, 3, 1, 1)]
    [InlineData(9, 3, 2, 1)]
    [InlineData(10, 4, 3, 0)]
    public void ItIsTheAdjointOfTheConvolution(long length, long kernel, long stride, long pad)
    {
        NodeAttribute[] attributes = [ProblemData.List("strides", stride), ProblemData.List("pads", pad, pad)];
        ProblemInput x = ProblemData.Normal(1, 2, 3, length), w = ProblemData.Normal(2, 4, 3, kernel);
        long positions = ((length + (2 * pad) - kernel) / stride) + 1;
        Assert.Equal(length, ((positions - 1) * stride) + kernel - (2 * pad));
        var y = ProblemData.Normal(3, 2, 4, positions);
        double forward = Product(Run("Conv", x, w, attributes), Values(y)), back = Product(Values(x), Run("ConvTranspose", y, w, attributes));
        Assert.Equal(forward, back, 1e-4);
    }

    private static float[] Run(string op, ProblemInput x, ProblemInput w, NodeAttribute[] attributes)
    {
        var problem = OperatorProblem.Of(op, op, 13, [x, w], attributes);
        var feeds = problem.Feeds();
        using var result = ReferenceExecutor.Run(problem.ToModel(), feeds)[0];
        foreach (var feed in feeds.Values) feed.Dispose();
        return result.AsSpan<float>().ToArray();
    }

    private static float[] Values(ProblemInput input)
    {
        using var tensor = input.Data.ToTensor();
        return tensor.AsSpan<float>().ToArray();
    }

    private static double Product(float[] a, float[] b)
    {
        Assert.Equal(a.Length, b.Length);
        return a.Zip(b).Sum(p => (double)p.First * p.Second);
    }
}
