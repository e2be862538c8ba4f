using ConvTransfer.Engine.Convolution;
using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators.Nn;

internal sealed class ConvProblems : OperatorProblems
{
    public override string OpType => "Conv";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 11, 22 }) yield return Of($"opset {opset}", opset, [2, 3, 9, 11], [4, 3, 3, 3], pads: [1, 1, 1, 1]);
        foreach (long w in new long[] { 1, 3, 4, 7, 8, 15, 16, 17, 33, 35 }) yield return Of($"rows of {w}", 13, [1, 2, 3, w], [5, 2, 3, 3], pads: [1, 1, 1, 1]);
        yield return Of("pointwise", 13, [3, 7, 5, 5], [15, 7, 1, 1]);
        yield return Of("few positions, many filters", 13, [1, 5, 7, 7], [70, 5, 3, 3], pads: [1, 1, 1, 1]);
        yield return Of("stride 2, asymmetric pads", 13, [2, 3, 17, 19], [6, 3, 3, 5], strides: [2, 2], pads: [0, 2, 1, 1]);
        yield return Of("unequal strides and dilations", 13, [1, 2, 13, 17], [3, 2, 2, 3], strides: [3, 1], dilations: [1, 2], pads: [1, 0, 0, 2]);
        yield return Of("two groups", 13, [2, 4, 7, 7], [10, 2, 3, 3], group: 2);
        yield return Of("depthwise", 13, [3, 6, 9, 20], [6, 1, 3, 3], group: 6, pads: [1, 1, 1, 1]);
        yield return Of("depthwise, two filters, stride 2", 13, [1, 3, 9, 20], [6, 1, 3, 3], group: 3, strides: [2, 2]);
        yield return Of("1-D", 13, [2, 3, 37], [5, 3, 5], pads: [2, 2]);
        yield return Of("3-D", 13, [1, 2, 4, 5, 6], [3, 2, 2, 3, 3], strides: [1, 2, 1], pads: [0, 1, 1, 1, 0, 1]);
        yield return Of("no image", 13, [0, 2, 5, 5], [3, 2, 3, 3]);
        foreach (string mode in new[] { "SAME_UPPER", "SAME_LOWER", "VALID" })
            yield return Of(mode, 13, [1, 2, 8, 11], [3, 2, 2, 4], strides: [2, 3], autoPad: mode);
        yield return OperatorProblem.Of("no bias", "Conv", 13, [ProblemData.Normal(1, 1, 2, 6, 6), ProblemData.Normal(2, 3, 2, 3, 3).AsConstant()], batchInput: 0);
        yield return OperatorProblem.Of("float64", "Conv", 13, [Wide([1, 2, 5, 5]), Wide([3, 2, 3, 3]).AsConstant(), Wide([3]).AsConstant()], batchInput: 0);
    }

    private static OperatorProblem Of(string name, long opset, long[] x, long[] w, long[]? strides = null, long[]? dilations = null, long[]? pads = null, long group = 1, string? autoPad = null)
    {
        var attributes = new List<NodeAttribute>();
        if (strides is not null) attributes.Add(ProblemData.Attribute("strides", strides));
        if (dilations is not null) attributes.Add(ProblemData.Attribute("dilations", dilations));
        if (pads is not null) attributes.Add(ProblemData.Attribute("pads", pads));
        if (group != 1) attributes.Add(ProblemData.Attribute("group", group));
        if (autoPad is not null) attributes.Add(ProblemData.Attribute("auto_pad", autoPad));
        return OperatorProblem.Of(name, "Conv", opset, [ProblemData.Normal(1, x), ProblemData.Normal(2, w).AsConstant(), ProblemData.Normal(3, w[0]).AsConstant()], [.. attributes], batchInput: 0);
    }

    private static ProblemInput Wide(long[] dims) => ProblemData.Of(dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(i => System.Math.Sin(i))]);
}

/// <summary>What textbooks say about convolution.</summary>
public sealed unsafe class ConvTests
{
    // w_out = ⌊(w_in − w_k + 2p) / s⌋ + 1: counted out here by putting the window down as often as it fits.
    [Fact]
    public void TheOutputIsAsLongAsTheFormulaSays()
    {
        for (int input = 1; input <= 12; input++)
            for (int kernel = 1; kernel <= 5; kernel++)
                for (int pad = 0; pad <= 3; pad++)
                    for (int stride = 1; stride <= 4; stride++)
                    {
                        int fits = 0;
                        for (int at = 0; at + kernel <= input + (2 * pad); at += stride) fits++;
                        Assert.Equal(fits, WindowAxis.OutputLength(input, WindowAxis.Span(kernel, 1), stride, pad, pad));
                        if (fits > 0) Assert.Equal(((input - kernel + (2 * pad)) / stride) + 1, fits);
                    }
    }

    [Fact]
    public void HalfTheKernelAsPaddingKeepsTheSizeOfOddKernels()
    {
        for (int input = 1; input <= 40; input++)
            for (int kernel = 1; kernel <= 11; kernel += 2) Assert.Equal(input, WindowAxis.OutputLength(input, kernel, 1, kernel / 2, kernel / 2));
    }

    [Fact]
    public void AFilterBankHasOneWeightPerTapAndChannelAndOneBias()
    {
        var g = new ConvolutionGeometry(1, channels: 3, filters: 64, groups: 1, [Axis(224, 7, 3), Axis(224, 5, 2)]);
        Assert.Equal((7 * 5 * 3 * 64) + 64, (g.SumLength * g.Filters) + g.Filters);
    }

    // (f ∗ g)[i] = Σ f[i − j] g[j] is what the engine's cross-correlation gives with the flipped kernel, padded to the full length; and f ∗ g = g ∗ f.
    [Fact]
    public void CrossCorrelationWithTheFlippedKernelIsConvolutionAndCommutes()
    {
        double[] f = [.. Enumerable.Range(0, 9).Select(i => System.Math.Sin(3 * i))], g = [.. Enumerable.Range(0, 4).Select(i => System.Math.Cos(i))];
        double[] expected = new double[f.Length + g.Length - 1];
        for (int i = 0; i < f.Length; i++)
            for (int j = 0; j < g.Length; j++) expected[i + j] += f[i] * g[j];
        double[] one = Full(f, g), other = Full(g, f);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], one[i], 1e-12);
            Assert.Equal(expected[i], other[i], 1e-12);
        }
    }

    private static double[] Full(double[] x, double[] kernel)
    {
        double[] flipped = [.. kernel.Reverse()], y = new double[x.Length + kernel.Length - 1];
        var geometry = new ConvolutionGeometry(1, 1, 1, 1, [Axis(x.Length, kernel.Length, kernel.Length - 1)]);
        byte[] scratch = new byte[ReferenceConvolution.ScratchBytes(geometry)];
        fixed (double* px = x, pw = flipped, py = y)
        fixed (byte* s = scratch) ReferenceConvolution.Run(geometry, px, pw, null, py, s);
        return y;
    }

    private static WindowAxis Axis(int input, int kernel, int pad) => new(input, kernel, 1, 1, pad, pad, (int)WindowAxis.OutputLength(input, kernel, 1, pad, pad));
}
