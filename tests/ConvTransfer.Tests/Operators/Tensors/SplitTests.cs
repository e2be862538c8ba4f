using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class SplitProblems : OperatorProblems
{
    public override string OpType => "Split";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("equal parts", "Split", 1, [Normal(1, 6, 2)], outputs: 3);
        yield return OperatorProblem.Of("lengths as an attribute", "Split", 2, [Normal(1, 2, 6)], [Attribute("axis", 1), List("split", 1, 5)], outputs: 2, batchInput: 0);
        yield return OperatorProblem.Of("negative axis", "Split", 11, [Normal(1, 2, 6)], [Attribute("axis", -1)], outputs: 2, batchInput: 0);
        yield return OperatorProblem.Of("lengths as an input", "Split", 13, [Normal(1, 2, 6, 3), Ints(2, 0, 4)], [Attribute("axis", 1)], outputs: 3, batchInput: 0);
        yield return OperatorProblem.Of("equal parts", "Split", 13, [Normal(1, 4, 2)], outputs: 2);
        yield return OperatorProblem.Of("the last is shorter", "Split", 18, [Normal(1, 7, 2)], [Attribute("num_outputs", 4)], outputs: 4);
        yield return OperatorProblem.Of("lengths as an input", "Split", 18, [Count<byte>(5, 2), Ints(2, 3)], outputs: 2);
        yield return OperatorProblem.Of("of nothing", "Split", 18, [Normal(1, 0, 2)], [Attribute("num_outputs", 2)], outputs: 2);
        yield return OperatorProblem.Of("strings", "Split", 18, [Strings([3], "a", "b", "c"), Ints(1, 2)], outputs: 2);
    }
}
