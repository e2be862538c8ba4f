using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators.Nn;

/// <summary>What the windows of both pools are tried on.</summary>
internal static class PoolProblems
{
    public static IEnumerable<OperatorProblem> Windows(string op, int[] versions)
    {
        foreach (int opset in versions) yield return Of(op, $"opset {opset}", opset, [3, 2, 9, 11], [3, 2]);
        foreach (long w in new long[] { 1, 4, 7, 8, 15, 16, 17, 31, 32, 33, 35, 67 })
        {
            yield return Of(op, $"rows of {w}", 13, [1, 2, 3, w], [2, 1]);
            yield return Of(op, $"rows of {w}, stride 2", 13, [1, 2, 5, w], [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]);
        }
        yield return Of(op, "stride 3", 13, [1, 2, 17, 38], [3, 5], strides: [3, 3], pads: [0, 2, 1, 3]);
        yield return Of(op, "ceil", 13, [1, 2, 8, 37], [3, 3], strides: [2, 2], extra: ProblemData.Attribute("ceil_mode", 1));
        yield return Of(op, "ceil, last window would start behind", 22, [1, 1, 4, 35], [2, 3], strides: [3, 3], pads: [1, 1, 1, 1], extra: ProblemData.Attribute("ceil_mode", 1));
        yield return Of(op, "SAME_UPPER", 13, [1, 2, 8, 11], [3, 4], strides: [2, 3], extra: ProblemData.Attribute("auto_pad", "SAME_UPPER"));
        yield return Of(op, "SAME_LOWER", 13, [1, 2, 8, 11], [3, 4], strides: [2, 3], extra: ProblemData.Attribute("auto_pad", "SAME_LOWER"));
        yield return Of(op, "VALID", 13, [1, 2, 8, 11], [3, 4], strides: [2, 3], extra: ProblemData.Attribute("auto_pad", "VALID"));
        yield return Of(op, "dilations", op == "MaxPool" ? 13 : 19, [1, 2, 9, 40], [3, 2], strides: [1, 2], pads: [1, 1, 2, 0], extra: ProblemData.Attribute("dilations", 2, 3));
        yield return Of(op, "1-D", 13, [2, 3, 37], [5], strides: [2], pads: [2, 1]);
        yield return Of(op, "3-D", 13, [1, 2, 5, 6, 20], [2, 3, 3], strides: [2, 1, 1], pads: [1, 0, 1, 0, 1, 1]);
        yield return Of(op, "no image", 13, [0, 2, 5, 5], [3, 3]);
    }

    public static OperatorProblem Of(string op, string name, long opset, long[] x, long[] kernel, long[]? strides = null, long[]? pads = null, NodeAttribute? extra = null, ProblemInput? data = null, int outputs = 1)
    {
        var attributes = new List<NodeAttribute> { ProblemData.Attribute("kernel_shape", kernel) };
        if (strides is not null) attributes.Add(ProblemData.Attribute("strides", strides));
        if (pads is not null) attributes.Add(ProblemData.Attribute("pads", pads));
        if (extra is not null) attributes.Add(extra);
        return OperatorProblem.Of(name, op, opset, [data ?? ProblemData.Normal(1, x)], [.. attributes], outputs, batchInput: outputs == 1 ? 0 : null);
    }
}

internal sealed class MaxPoolProblems : OperatorProblems
{
    public override string OpType => "MaxPool";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (var problem in PoolProblems.Windows(OpType, [1, 8, 10, 11, 12, 22])) yield return problem;
        yield return PoolProblems.Of(OpType, "indices", 8, [2, 2, 5, 7], [2, 3], pads: [1, 1, 0, 1], outputs: 2);
        yield return PoolProblems.Of(OpType, "indices by columns", 13, [2, 2, 5, 7], [2, 3], strides: [2, 1], extra: ProblemData.Attribute("storage_order", 1), outputs: 2);
        yield return PoolProblems.Of(OpType, "int8", 12, [1, 1, 2, 3], [2, 2], data: ProblemData.Of<sbyte>([1, 1, 2, 3], -5, 7, -128, 127, -1, 0));
        yield return PoolProblems.Of(OpType, "uint8", 12, [1, 1, 2, 3], [2, 2], data: ProblemData.Of<byte>([1, 1, 2, 3], 5, 7, 128, 255, 1, 0));
        yield return PoolProblems.Of(OpType, "float64", 12, [1, 1, 2, 3], [2, 2], data: ProblemData.Of([1, 1, 2, 3], 0.5, 7, -3, 1e300, 1, 0));
        // A comparison that takes the greater number only loses the NaN.
        yield return PoolProblems.Of(OpType, "NaN wins", 12, [1, 1, 1, 20], [1, 3], pads: [0, 1, 0, 1], data: ProblemData.Of([1, 1, 1, 20], [1, 2, float.NaN, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, float.NegativeInfinity, float.PositiveInfinity, -0.0f, 0.0f, float.NaN]));
    }
}

internal sealed class AveragePoolProblems : OperatorProblems
{
    public override string OpType => "AveragePool";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (var problem in PoolProblems.Windows(OpType, [1, 7, 10, 11, 19, 22])) yield return problem;
        yield return PoolProblems.Of(OpType, "padding counts", 7, [2, 2, 7, 20], [3, 3], pads: [1, 1, 1, 1], extra: ProblemData.Attribute("count_include_pad", 1));
        yield return PoolProblems.Of(OpType, "float64", 12, [1, 1, 2, 3], [2, 2], data: ProblemData.Of([1, 1, 2, 3], 0.5, 7, -3, 1e300, 1, 0));
    }
}

internal abstract class GlobalPoolProblems : OperatorProblems
{
    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 22 }) yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 3, 2, 5, 7)], batchInput: 0);
        foreach (long w in new long[] { 1, 15, 16, 17, 63, 64, 65, 131 }) yield return OperatorProblem.Of($"planes of {w}", OpType, 13, [ProblemData.Normal(1, 2, 3, w)], batchInput: 0);
        yield return OperatorProblem.Of("3-D", OpType, 13, [ProblemData.Normal(1, 1, 2, 3, 4, 5)], batchInput: 0);
        yield return OperatorProblem.Of("no image", OpType, 13, [ProblemData.Normal(1, 0, 2, 3)]);
    }
}

internal sealed class GlobalAveragePoolProblems : GlobalPoolProblems
{
    public override string OpType => "GlobalAveragePool";
}

internal sealed class GlobalMaxPoolProblems : GlobalPoolProblems
{
    public override string OpType => "GlobalMaxPool";
}
