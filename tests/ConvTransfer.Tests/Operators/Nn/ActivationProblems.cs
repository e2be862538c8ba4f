namespace ConvTransfer.Tests.Operators.Nn;

internal sealed class ReluProblems() : Math.FunctionProblems("Relu", [1, 6, 13, 14])
{
    public override IEnumerable<OperatorProblem> All() => base.All().Append(OperatorProblem.Of("int16", OpType, 14, [ProblemData.Of<short>([3], -3, 0, 5)]));
}

internal sealed class LeakyReluProblems() : Math.FunctionProblems("LeakyRelu", [1, 6, 16], ProblemData.Attribute("alpha", 0.2f));

internal sealed class ClipProblems : OperatorProblems
{
    public override string OpType => "Clip";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long size in new long[] { 1, 15, 16, 17, 35 }) yield return OperatorProblem.Of($"{size} elements", OpType, 13, [ProblemData.Normal(1, size), Scalar(-0.5f).AsConstant(), Scalar(0.5f).AsConstant()], batchInput: 0);
        foreach (long opset in new long[] { 1, 6 })
        {
            yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 3, 5)], [ProblemData.Attribute("min", -0.5f), ProblemData.Attribute("max", 0.25f)], batchInput: 0);
            yield return OperatorProblem.Of($"opset {opset} without bounds", OpType, opset, [ProblemData.Of([3], 1e30f, -4, 0)]);
        }
        foreach (long opset in new long[] { 11, 12, 13 })
        {
            yield return OperatorProblem.Of($"opset {opset} bounds at run time", OpType, opset, [ProblemData.Normal(1, 3, 5), Scalar(-0.5f), Scalar(0.5f)], batchInput: 0);
            yield return OperatorProblem.Of($"opset {opset} no lower bound", OpType, opset, [ProblemData.Normal(1, 3, 5), null, Scalar(0.5f).AsConstant()], batchInput: 0);
            yield return OperatorProblem.Of($"opset {opset} no upper bound", OpType, opset, [ProblemData.Normal(1, 3, 5), Scalar(0.1f).AsConstant()], batchInput: 0);
        }
        // The standard's default bounds are the least and greatest finite numbers, so that infinity does not pass; the plan once let it, and its reference did not.
        foreach (long opset in new long[] { 1, 6, 13 }) yield return OperatorProblem.Of($"opset {opset} infinite without bounds", OpType, opset, [ProblemData.Of([3], float.NegativeInfinity, float.PositiveInfinity, float.NaN)]);
        // Both where the planner makes a stage of it and where it cannot.
        yield return OperatorProblem.Of("crossed bounds", OpType, 13, [ProblemData.Normal(1, 9), Scalar(1).AsConstant(), Scalar(-1).AsConstant()]);
        yield return OperatorProblem.Of("crossed bounds at run time", OpType, 13, [ProblemData.Normal(1, 9), Scalar(1), Scalar(-1)]);
        yield return OperatorProblem.Of("not a number", OpType, 13, [ProblemData.Of([4], float.NaN, float.NegativeInfinity, -0f, 7), Scalar(0).AsConstant(), Scalar(6).AsConstant()]);
        yield return OperatorProblem.Of("int8", OpType, 12, [ProblemData.Of<sbyte>([3], -100, 3, 100), ProblemData.Of<sbyte>([], -3), ProblemData.Of<sbyte>([], 50)]);
        yield return OperatorProblem.Of("uint64 without bounds", OpType, 12, [ProblemData.Of<ulong>([2], 0, ulong.MaxValue)]);
        yield return OperatorProblem.Of("double", OpType, 13, [ProblemData.Of([2], -1e300, 4), ProblemData.Of<double>([], 0)]);
    }

    private static ProblemInput Scalar(float value) => ProblemData.Of([], value);
}

internal sealed class DropoutProblems : OperatorProblems
{
    public override string OpType => "Dropout";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 6 }) yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 2, 5)], [ProblemData.Attribute("is_test", 1), ProblemData.Attribute("ratio", 0.3f)], batchInput: 0);
        foreach (long opset in new long[] { 7, 10 })
        {
            yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 2, 5)], [ProblemData.Attribute("ratio", 0.3f)], batchInput: 0);
            yield return OperatorProblem.Of($"opset {opset} with mask", OpType, opset, [ProblemData.Normal(1, 2, 5)], outputs: 2);
        }
        foreach (long opset in new long[] { 12, 13, 22 })
        {
            yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 2, 5)], batchInput: 0);
            yield return OperatorProblem.Of($"opset {opset} with mask", OpType, opset, [ProblemData.Normal(1, 2, 5), ProblemData.Of([], 0.4f).AsConstant(), ProblemData.Of([], false).AsConstant()], outputs: 2);
        }
    }
}
