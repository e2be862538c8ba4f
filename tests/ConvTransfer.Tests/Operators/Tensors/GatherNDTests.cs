using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class GatherNDProblems : OperatorProblems
{
    public override string OpType => "GatherND";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("elements", OpType, 11, [Normal(1, 2, 3), Of<long>([3, 2], 0, 0, 1, 2, -1, -3)]);
        yield return OperatorProblem.Of("blocks", OpType, 12, [Normal(1, 3, 2, 5), Of<long>([2, 2, 1], 2, 0, -3, 1)]);
        yield return OperatorProblem.Of("constant indices", OpType, 13, [Normal(1, 3, 2, 5), Of<long>([2, 2], 2, 0, -3, 1).AsConstant()]);
        yield return OperatorProblem.Of("one batch axis", OpType, 13, [Normal(1, 2, 3, 4), Of<long>([2, 1], 1, 0)], [Attribute("batch_dims", 1)]);
        yield return OperatorProblem.Of("two batch axes", OpType, 13, [Normal(1, 2, 3, 4, 2), Of<long>([2, 3, 2, 1], 0, 1, 2, 3, 3, 2, -1, -2, -3, -4, 0, 0)], [Attribute("batch_dims", 2)]);
        yield return OperatorProblem.Of("a single tuple", OpType, 13, [Normal(1, 3, 2), Of<long>([1], 2)]);
        yield return OperatorProblem.Of("no tuple", OpType, 13, [Normal(1, 3, 2), Of<long>([0, 1])]);
        yield return OperatorProblem.Of("bytes", OpType, 13, [Count<byte>(3, 4), Of<long>([2, 1], 2, 0)]);
        yield return OperatorProblem.Of("strings", OpType, 13, [Strings([3, 2], "a", "b", "c", "d", "e", "f"), Of<long>([2, 1], 2, -3)]);
    }
}
