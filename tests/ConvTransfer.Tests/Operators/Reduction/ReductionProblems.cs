namespace ConvTransfer.Tests.Operators.Reduction;

internal abstract class ReduceProblems(string op, long inputSince, long newest) : OperatorProblems
{
    public override string OpType { get; } = op;

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long[] axes in new long[][] { [0], [1], [2, 3], [0, 2], [-1], [0, 1, 2, 3], [3, 1] })
        {
            string name = $"axes {string.Join(",", axes)}";
            yield return OperatorProblem.Of($"{name} as input", OpType, newest, [ProblemData.Normal(1, 2, 3, 5, 7), ProblemData.Ints(axes)], batchInput: axes.Contains(0) ? null : 0);
            yield return OperatorProblem.Of($"{name} dropped", OpType, 11, [ProblemData.Normal(1, 2, 3, 5, 7)], [ProblemData.List("axes", axes), ProblemData.Attribute("keepdims", 0)], batchInput: axes.Contains(0) ? null : 0);
        }
        yield return OperatorProblem.Of("axes at run time", OpType, newest, [ProblemData.Normal(1, 2, 3, 5), ProblemData.Of<long>([1], 1)]);
        yield return OperatorProblem.Of("all by default", OpType, 1, [ProblemData.Normal(1, 3, 40)]);
        yield return OperatorProblem.Of("all as no axes", OpType, newest, [ProblemData.Normal(1, 3, 40), ProblemData.Ints()]);
        yield return OperatorProblem.Of("none", OpType, newest, [ProblemData.Normal(1, 3, 4), ProblemData.Ints()], [ProblemData.Attribute("noop_with_empty_axes", 1)]);
        yield return OperatorProblem.Of("axes left out", OpType, inputSince, [ProblemData.Normal(1, 3, 4)]);
        yield return OperatorProblem.Of("a scalar", OpType, newest, [ProblemData.Normal(1)]);
        yield return OperatorProblem.Of("an axis of 0", OpType, newest, [ProblemData.Of<float>([2, 0, 3]), ProblemData.Ints(1)]);
        yield return OperatorProblem.Of("int64", OpType, newest, [ProblemData.Of<long>([2, 3], 1, 2, 3, 4, 50, 6), ProblemData.Ints(1)]);
        yield return OperatorProblem.Of("int32", OpType, 11, [ProblemData.Of([2, 2], 1, 2, 30, 4)], [ProblemData.List("axes", 0)]);
        yield return OperatorProblem.Of("double", OpType, newest, [ProblemData.Of<double>([2, 2], 1, 2, 30, 4), ProblemData.Ints(0)]);
    }
}

internal sealed class ReduceSumProblems() : ReduceProblems("ReduceSum", 13, 18);

internal sealed class ReduceMeanProblems() : ReduceProblems("ReduceMean", 18, 18);

internal sealed class ReduceMaxProblems() : ReduceProblems("ReduceMax", 18, 20)
{
    public override IEnumerable<OperatorProblem> All() => base.All().Append(OperatorProblem.Of("truth values", OpType, 20, [ProblemData.Of([2, 2], true, false, false, false), ProblemData.Ints(1)]));
}

internal sealed class ReduceMinProblems() : ReduceProblems("ReduceMin", 18, 20)
{
    public override IEnumerable<OperatorProblem> All() => base.All().Append(OperatorProblem.Of("truth values", OpType, 20, [ProblemData.Of([2, 2], true, true, true, false), ProblemData.Ints(1)]));
}

internal sealed class ReduceProdProblems() : ReduceProblems("ReduceProd", 18, 18);

internal sealed class ReduceL1Problems() : ReduceProblems("ReduceL1", 18, 18);

internal sealed class ReduceL2Problems() : ReduceProblems("ReduceL2", 18, 18);

internal sealed class ReduceLogSumProblems() : ReduceProblems("ReduceLogSum", 18, 18);

internal sealed class ReduceLogSumExpProblems() : ReduceProblems("ReduceLogSumExp", 18, 18);

internal sealed class ReduceSumSquareProblems() : ReduceProblems("ReduceSumSquare", 18, 18);

internal abstract class ArgProblems(string op) : OperatorProblems
{
    public override string OpType { get; } = op;

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long axis in new long[] { 0, 1, 2, -1 }) yield return OperatorProblem.Of($"axis {axis}", OpType, 13, [ProblemData.Normal(1, 2, 3, 7)], [ProblemData.Attribute("axis", axis)], batchInput: axis == 0 ? null : 0);
        foreach (long last in new long[] { 0, 1 }) yield return OperatorProblem.Of($"equal ones, select_last_index {last}", OpType, 12, [ProblemData.Of([1, 5], 1, 3f, 1, 3, 2)], [ProblemData.Attribute("axis", 1), ProblemData.Attribute("select_last_index", last), ProblemData.Attribute("keepdims", 0)]);
        foreach (long opset in new long[] { 1, 11 }) yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(2, 3, 4)]);
        yield return OperatorProblem.Of("int8", OpType, 13, [ProblemData.Of<sbyte>([3], -3, 5, 2)]);
        yield return OperatorProblem.Of("not a number", OpType, 13, [ProblemData.Of([4], 1, float.NaN, 3, float.NaN)]);
    }
}

internal sealed class ArgMaxProblems() : ArgProblems("ArgMax");

internal sealed class ArgMinProblems() : ArgProblems("ArgMin");
