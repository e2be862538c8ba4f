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
        yield return OperatorProblem.Of("other types of scale and statistics", OpType, 15, [ProblemData.Of<double>([1, 2, 2], 1, 2, 3, 4), Pair(1.5f, 2), Pair(0, 1), Pair(0.5f, 1), Pair(2, 3)]);
    }

    private OperatorProblem Make(string name, long opset, long[] dims, bool constant, params NodeAttribute[] attributes)
    {
        ProblemInput Given(ProblemInput input) => constant ? input.AsConstant() : input;
        long c = dims[1];
        return OperatorProblem.Of(name, OpType, opset, [ProblemData.Normal(1, dims), Given(ProblemData.Normal(2, c)), Given(ProblemData.Normal(3, c)), Given(ProblemData.Normal(4, c)), Given(Positive(5, c))], attributes);
    }

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
        yield return OperatorProblem.Of("one axis", OpType, 6, [ProblemData.Normal(1, 2, 3, 5), ProblemData.Normal(2, 3).AsConstant(), ProblemData.Normal(3, 3).AsConstant()], [ProblemData.Attribute("epsilon", 0.1f)], batchInput: 0);
    }
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
