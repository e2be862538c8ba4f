using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class GatherElementsProblems : OperatorProblems
{
    public override string OpType => "GatherElements";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("rows", OpType, 11, [Normal(1, 3, 2), Of<long>([2, 2], 2, 0, -1, -3)]);
        yield return OperatorProblem.Of("last axis, int32", OpType, 13, [Normal(1, 2, 3, 4), Of<int>([2, 3, 2], 0, 3, -1, 2, 1, 1, 0, 0, -4, 2, 3, 0)], [Attribute("axis", -1)]);
        yield return OperatorProblem.Of("middle axis, fewer indices than data", OpType, 13, [Normal(1, 3, 4, 5), Of<long>([2, 2, 3], 3, 0, 1, 2, 2, 2, 0, 1, 0, -1, -4, 0).AsConstant()], [Attribute("axis", 1)]);
        yield return OperatorProblem.Of("more indices than data", OpType, 13, [Normal(1, 2), Of<long>([5], 1, 1, 0, 1, 0)]);
        yield return OperatorProblem.Of("no indices", OpType, 13, [Normal(1, 2, 3), Of<long>([0, 3])]);
        yield return OperatorProblem.Of("bytes", OpType, 13, [Count<byte>(2, 3), Of<long>([1, 2], 1, 0)]);
        yield return OperatorProblem.Of("halves", OpType, 13, [Count<Half>(2, 3), Of<long>([1, 2], 1, 0)]);
        yield return OperatorProblem.Of("doubles", OpType, 13, [Count<double>(2, 3), Of<long>([2, 1], 2, 0)], [Attribute("axis", 1)]);
        yield return OperatorProblem.Of("strings", OpType, 13, [Strings([3, 2], "a", "b", "c", "d", "e", "f"), Of<long>([1, 2], 2, -3)]);
    }
}
