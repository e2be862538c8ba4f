using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class SliceProblems : OperatorProblems
{
    public override string OpType => "Slice";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("attributes", "Slice", 1, [Normal(1, 4, 5, 6)], [Attribute("starts", 1, -3), Attribute("ends", 3, 1000), Attribute("axes", 0, 2)]);
        yield return OperatorProblem.Of("attributes without axes", "Slice", 1, [Normal(1, 4, 5)], [Attribute("starts", 0, 1), Attribute("ends", 1, -1)]);
        yield return OperatorProblem.Of("inputs", "Slice", 10, [Normal(1, 4, 5, 6), Ints(1, 0), Ints(3, -1), Ints(1, 2), Ints(1, 2)], batchInput: 0);
        yield return OperatorProblem.Of("negative axis", "Slice", 11, [Normal(1, 4, 5, 6), Ints(1), Ints(3), Ints(-1)]);
        yield return OperatorProblem.Of("backwards to the front", "Slice", 13, [Normal(1, 3, 20), Ints(-1), Ints(long.MinValue), Ints(1), Ints(-1)], batchInput: 0);
        yield return OperatorProblem.Of("backwards in steps", "Slice", 13, [Count<byte>(3, 20), Ints(18), Ints(1), Ints(1), Ints(-5)]);
        yield return OperatorProblem.Of("a step beyond the axis", "Slice", 13, [Normal(1, 3, 20), Ints(2), Ints(long.MaxValue), Ints(1), Ints(long.MaxValue)]);
        yield return OperatorProblem.Of("least step", "Slice", 13, [Normal(1, 3, 20), Ints(2), Ints(long.MinValue), Ints(1), Ints(long.MinValue)]);
        yield return OperatorProblem.Of("nothing is left", "Slice", 13, [Normal(1, 3, 20), Ints(7), Ints(7), Ints(1)]);
        yield return OperatorProblem.Of("beyond the end", "Slice", 13, [Normal(1, 3, 4), Ints(9), Ints(12), Ints(1)]);
        yield return OperatorProblem.Of("of nothing", "Slice", 13, [Normal(1, 3, 0), Ints(0), Ints(long.MaxValue), Ints(1), Ints(-1)]);
        yield return OperatorProblem.Of("int32 bounds without axes", "Slice", 13, [Normal(1, 3, 4), Of<int>([1], 1).AsConstant(), Of<int>([1], 2).AsConstant()]);
        yield return OperatorProblem.Of("axes left out, steps given", "Slice", 13, [Normal(1, 6, 4), Ints(0, 0), Ints(6, 4), null, Ints(2, 3)]);
        yield return OperatorProblem.Of("strings", "Slice", 13, [Strings([4], "a", "b", "c", "d"), Ints(-1), Ints(-4), Ints(0), Ints(-2)]);
    }
}
