using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators.Nn;

internal sealed class BatchNormalizationProblems : OperatorProblems
{
    public override string OpType => "BatchNormalization";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long[] dims in new long[][] { [2, 5], [3, 4, 7], [2, 3, 5, 7], [1, 17, 4, 4], [2, 2, 3, 2, 3], [0, 3, 2] }) yield return Make($"{dims.Length} axes, {dims[1]} channels", 15, dims, constant: true) with { BatchInput = dims[0] > 0 ? 0 : null };
        yield return Make("statistics at run time", 15, [2, 3, 5], constant: false);
        yield return Make("opset 1", 1, [2, 3, 5], true, ProblemData.Attribute("is_test", 1));
        yield return Make("opset 6", 6, [2, 3, 5], true, ProblemData.Attribute("is_test", 1), ProblemData.Attribute("epsilon", 0.01f));
        foreach (long opset in new long[] { 7, 9, 14 }) yield return Make($"opset {opset}", opset, [2, 3, 5], true, ProblemData.Attribute("epsilon", 0.001f), ProblemData.Attribute("momentum", 0.5f));
        yield return OperatorProblem.Of("opset 7 statistics of each position", OpType, 7, [ProblemData.Normal(1, 2, 3, 2), .. Enumerable.Range(2, 3).Select(i => ProblemData.Normal(i, 3, 2)), Positive(5, 3, 2)], [ProblemData.Attribute("spatial", 0)]);
        // Opset 14 gives the statistics a type of their own, U; a mixed-precision export has them in float32 beside float16 or float64.
        yield return OperatorProblem.Of("opset 14, other type of statistics", OpType, 14, [ProblemData.Of<double>([1, 2, 2], 1, 2, 3, 4), ProblemData.Of<double>([2], 1.5, 2), ProblemData.Of<double>([2], 0, 1), Pair(0.5f, 1), Pair(2, 3)]);
        yield return Training(OperatorProblem.Of("opset 14, training, other type of statistics", OpType, 14, [ProblemData.Of<double>([1, 2, 2], 1, 2, 3, 4), ProblemData.Of<double>([2], 1.5, 2), ProblemData.Of<double>([2], 0, 1), Pair(0.5f, 1), Pair(2, 3)]), 3);
        yield return OperatorProblem.Of("other types of scale and statistics", OpType, 15, [ProblemData.Of<double>([1, 2, 2], 1, 2, 3, 4), Pair(1.5f, 2), Pair(0, 1), Pair(0.5f, 1), Pair(2, 3)]);
        foreach (long[] dims in new long[][] { [7, 3], [2, 5, 3], [2, 3, 5, 7], [1, 2, 3, 2, 3] }) yield return Training(Make($"{dims.Length} axes, training", 15, dims, constant: false), 3);
        yield return Training(Make("training, constant parameters", 14, [3, 2, 17], constant: true, ProblemData.Attribute("momentum", 0.3f), ProblemData.Attribute("epsilon", 0.1f)), 3);
        yield return Training(Make("training, Y alone", 15, [3, 2, 5], constant: false), 1);
        yield return Training(OperatorProblem.Of("training, a single axis", OpType, 15, [ProblemData.Normal(1, 9), .. Enumerable.Range(2, 4).Select(i => Positive(i, 1))]), 2);
        yield return Training(OperatorProblem.Of("training, other types of scale and statistics", OpType, 15, [ProblemData.Of<double>([1, 2, 2], 1, 2, 3, 4), Pair(1.5f, 2), Pair(0, 1), ProblemData.Of<double>([2], 0.5, 1), ProblemData.Of<double>([2], 2, 3)]), 3);
        // Pixels are far from 0 for how much they differ: the mean must not be lost.
        yield return Training(OperatorProblem.Of("training, far from 0", OpType, 15, [Far(1000, 3, 2, 700), .. Enumerable.Range(2, 4).Select(i => Positive(i, 2))]), 3);
        yield return Training(OperatorProblem.Of("training, equal elements", OpType, 15, [Equal(255.3f, 2, 1, 2048), .. Enumerable.Range(2, 4).Select(i => Positive(i, 1))]), 3);
        yield return Training(Make("training, no image", 15, [0, 3, 2], constant: false), 3);
    }

    private OperatorProblem Make(string name, long opset, long[] dims, bool constant, params NodeAttribute[] attributes)
    {
        ProblemInput Given(ProblemInput input) => constant ? input.AsConstant() : input;
        long c = dims[1];
        return OperatorProblem.Of(name, OpType, opset, [ProblemData.Normal(1, dims), Given(ProblemData.Normal(2, c)), Given(ProblemData.Normal(3, c)), Given(ProblemData.Normal(4, c)), Given(Positive(5, c))], attributes);
    }

    private static OperatorProblem Training(OperatorProblem problem, int outputs) => problem with
    {
        Node = problem.Node with { Attributes = [.. problem.Node.Attributes, ProblemData.Attribute("training_mode", 1L)], Outputs = Enumerable.Range(0, outputs).Select(i => $"y{i}").ToValueList() },
    };

    internal static ProblemInput Far(float offset, params long[] dims)
    {
        var random = new Core.CounterRandom(7);
        return ProblemData.Of(dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (p, d) => p * d)).Select(_ => offset + (float)random.NextNormal())]);
    }

    internal static ProblemInput Equal(float value, params long[] dims) => ProblemData.Of(dims, [.. Enumerable.Repeat(value, (int)dims.Aggregate(1L, (p, d) => p * d))]);

    private static ProblemInput Positive(int seed, params long[] dims)
    {
        var random = new Core.CounterRandom(seed);
        return ProblemData.Of(dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (p, d) => p * d)).Select(_ => (float)(0.1 + random.NextDouble()))]);
    }

    private static ProblemInput Pair(float a, float b) => ProblemData.Of([2], a, b);
}

internal sealed class InstanceNormalizationProblems : OperatorProblems
{
    public override string OpType => "InstanceNormalization";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 6, 22 }) yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 2, 3, 5, 7), ProblemData.Normal(2, 3), ProblemData.Normal(3, 3)], batchInput: 0);
        yield return OperatorProblem.Of("far from 0", OpType, 6, [BatchNormalizationProblems.Far(1000, 2, 3, 40, 40), ProblemData.Normal(2, 3), ProblemData.Normal(3, 3)], batchInput: 0);
        yield return OperatorProblem.Of("one axis", OpType, 6, [ProblemData.Normal(1, 2, 3, 5), ProblemData.Normal(2, 3).AsConstant(), ProblemData.Normal(3, 3).AsConstant()], [ProblemData.Attribute("epsilon", 0.1f)], batchInput: 0);
    }
}

internal sealed class LayerNormalizationProblems : OperatorProblems
{
    public override string OpType => "LayerNormalization";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long axis in new long[] { 0, 1, 2, -1, -3 })
        {
            long[] normalized = [.. new long[] { 3, 5, 7 }.Skip((int)(axis < 0 ? axis + 3 : axis))];
            yield return OperatorProblem.Of($"axis {axis}, with statistics", OpType, 17, [ProblemData.Normal(1, 3, 5, 7), ProblemData.Normal(2, normalized), ProblemData.Normal(3, normalized)], [ProblemData.Attribute("axis", axis)], outputs: 3, batchInput: axis is 0 or -3 ? null : 0);
        }
        foreach (long length in new long[] { 1, 16, 33, 5000 }) yield return OperatorProblem.Of($"rows of {length}", OpType, 18, [ProblemData.Normal(1, 2, 3, length), ProblemData.Normal(2, length).AsConstant(), ProblemData.Normal(3, length).AsConstant()], [ProblemData.Attribute("epsilon", 0.01f)], batchInput: 0);
        // The standard lets Scale and B spread over X, not over a row alone.
        foreach (var (axis, scale, shift) in new (long, long[], long[])[] { (-1, [1], [4]), (-1, [], [1, 1]), (1, [4], [3, 4]), (2, [3, 4], [4]), (2, [3, 1], [2, 1, 1]), (0, [2, 1, 4], [1, 3, 1]), (1, [1, 3, 4], [3, 4]) })
            yield return OperatorProblem.Of($"axis {axis}, Scale [{string.Join(", ", scale)}], B [{string.Join(", ", shift)}]", OpType, 17, [ProblemData.Normal(1, 2, 3, 4), ProblemData.Normal(2, scale), ProblemData.Normal(3, shift)], [ProblemData.Attribute("axis", axis)], outputs: 3);
        yield return OperatorProblem.Of("double, a scale for each row", OpType, 17, [ProblemData.Of<double>([2, 3], 1, 2, 3, 4, 6, 9), ProblemData.Of<double>([2, 1], 1, 2), ProblemData.Of<double>([1], 3)]);
        yield return OperatorProblem.Of("far from 0", OpType, 17, [BatchNormalizationProblems.Far(1000, 3, 700), ProblemData.Normal(2, 700), ProblemData.Normal(3, 700)], outputs: 3, batchInput: 0);
        yield return OperatorProblem.Of("equal elements far from 0", OpType, 17, [BatchNormalizationProblems.Equal(255.3f, 2, 4096), ProblemData.Normal(2, 4096)], outputs: 3, batchInput: 0);
        yield return OperatorProblem.Of("no bias", OpType, 17, [ProblemData.Normal(1, 2, 7), ProblemData.Normal(2, 7)], batchInput: 0);
        yield return OperatorProblem.Of("double", OpType, 17, [ProblemData.Of<double>([2, 3], 1, 2, 3, 1e9, 1e9 + 1, 1e9 + 3), ProblemData.Of<double>([3], 1, 2, 3)], outputs: 3);
        var deviation = OperatorProblem.Of("deviation without mean", OpType, 17, [ProblemData.Normal(1, 2, 7), ProblemData.Normal(2, 7), ProblemData.Normal(3, 7)], [ProblemData.Attribute("stash_type", 1)], outputs: 3);
        yield return deviation with { Node = deviation.Node with { Outputs = ["y0", "", "y2"] } };
        yield return OperatorProblem.Of("no row", OpType, 17, [ProblemData.Of<float>([0, 3]), ProblemData.Normal(2, 3)], outputs: 3);
    }
}

internal sealed class GroupNormalizationProblems : OperatorProblems
{
    public override string OpType => "GroupNormalization";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long groups in new long[] { 1, 2, 3, 6 })
        {
            yield return Of($"{groups} groups", 18, groups, groups, 2, 6, 5, 3);
            yield return Of($"{groups} groups", 21, groups, 6, 2, 6, 5, 3);
        }
        yield return Of("rank 2", 18, 2, 2, 3, 8);
        yield return Of("rank 2", 21, 2, 8, 3, 8);
        yield return Of("rank 5", 21, 2, 4, 2, 4, 2, 3, 2);
        var single = Of("an epsilon of its own, stash_type", 21, 2, 4, 2, 4, 17);
        yield return single with { Node = single.Node with { Attributes = [.. single.Node.Attributes, ProblemData.Attribute("epsilon", 0.1f), ProblemData.Attribute("stash_type", 11)] } };
        yield return OperatorProblem.Of("double", OpType, 21, [ProblemData.Of<double>([1, 2, 2], 1, 2, 5, 9), ProblemData.Of<double>([2], 2, 3), ProblemData.Of<double>([2], 0, 1)], [ProblemData.Attribute("num_groups", 1)]);
        yield return Of("no image", 21, 2, 4, 0, 4, 3) with { BatchInput = null };
    }

    private OperatorProblem Of(string name, long opset, long groups, long scales, params long[] dims) =>
        OperatorProblem.Of(name, OpType, opset, [ProblemData.Normal(1, dims), ProblemData.Normal(2, scales).AsConstant(), ProblemData.Normal(3, scales)], [ProblemData.Attribute("num_groups", groups)], batchInput: 0);
}

internal sealed class LRNProblems : OperatorProblems
{
    public override string OpType => "LRN";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long size in new long[] { 1, 2, 3, 5, 40 }) yield return OperatorProblem.Of($"size {size}", OpType, 13, [ProblemData.Normal(1, 2, 7, 9, 9)], [ProblemData.Attribute("size", size)], batchInput: 0);
        yield return OperatorProblem.Of("all attributes", OpType, 1, [ProblemData.Normal(1, 2, 5, 5, 5)], [ProblemData.Attribute("size", 3), ProblemData.Attribute("alpha", 0.2f), ProblemData.Attribute("beta", 0.5f), ProblemData.Attribute("bias", 2f)], batchInput: 0);
        yield return OperatorProblem.Of("rank 2", OpType, 13, [ProblemData.Normal(1, 2, 7)], [ProblemData.Attribute("size", 3)], batchInput: 0);
    }
}

internal abstract class SoftmaxProblemsBase(string op) : OperatorProblems
{
    public override string OpType { get; } = op;

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long size in new long[] { 1, 2, 16, 1000 }) yield return OperatorProblem.Of($"{size} classes", OpType, 13, [ProblemData.Normal(1, 3, size)], batchInput: 0);
        foreach (long axis in new long[] { 0, 1, -1, -2 }) yield return OperatorProblem.Of($"axis {axis}", OpType, 13, [ProblemData.Normal(1, 2, 3, 4)], [ProblemData.Attribute("axis", axis)]);
        foreach (long opset in new long[] { 1, 11 })
        {
            foreach (long axis in new long[] { 0, 1, 2 }) yield return OperatorProblem.Of($"opset {opset} from axis {axis} on", OpType, opset, [ProblemData.Normal(1, 2, 3, 4)], [ProblemData.Attribute("axis", axis)]);
            yield return OperatorProblem.Of($"opset {opset} without axis", OpType, opset, [ProblemData.Normal(1, 2, 3, 1, 1)], batchInput: 0);
        }
        yield return OperatorProblem.Of("opset 11 axis -1", OpType, 11, [ProblemData.Normal(1, 2, 3, 4)], [ProblemData.Attribute("axis", -1)], batchInput: 0);
        yield return OperatorProblem.Of("large numbers", OpType, 13, [ProblemData.Of([1, 3], 1e30f, -1e30f, 1e30f)]);
        yield return OperatorProblem.Of("not a number", OpType, 13, [ProblemData.Of([2, 2], 1, float.NaN, 1, 2)]);
        yield return OperatorProblem.Of("double", OpType, 13, [ProblemData.Of<double>([1, 3], 1, 2, 3)]);
        yield return OperatorProblem.Of("empty", OpType, 13, [ProblemData.Of<float>([0, 3])]);
    }
}

internal sealed class SoftmaxProblems() : SoftmaxProblemsBase("Softmax");

internal sealed class LogSoftmaxProblems() : SoftmaxProblemsBase("LogSoftmax");
