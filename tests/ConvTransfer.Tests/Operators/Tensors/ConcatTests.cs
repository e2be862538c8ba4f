using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class ConcatProblems : OperatorProblems
{
    public override string OpType => "Concat";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("default axis", "Concat", 1, [Normal(1, 2, 3, 4), Normal(2, 2, 1, 4)]);
        yield return OperatorProblem.Of("axis 0", "Concat", 4, [Normal(1, 2, 3), Normal(2, 4, 3)], [Attribute("axis", 0)]);
        yield return OperatorProblem.Of("negative axis", "Concat", 11, [Normal(1, 2, 3), Normal(2, 2, 2), Normal(3, 2, 1)], [Attribute("axis", -1)]);
        yield return OperatorProblem.Of("one", "Concat", 13, [Normal(1, 2, 3)], [Attribute("axis", 1)], batchInput: 0);
        yield return OperatorProblem.Of("with an empty one", "Concat", 13, [Normal(1, 2, 3), Normal(2, 2, 0), Normal(3, 2, 2)], [Attribute("axis", 1)]);
        yield return OperatorProblem.Of("large enough for threads", "Concat", 13, [Count<float>(2, 60, 40, 40), Normal(2, 2, 30, 40, 40)], [Attribute("axis", 1)]);
        yield return OperatorProblem.Of("strings", "Concat", 13, [Strings([1], "a"), Strings([2], "b", "c")], [Attribute("axis", 0)]);
        yield return OperatorProblem.Of("truth values", "Concat", 13, [Of([2, 1], true, false), Of([2, 2], false, false, true, true)], [Attribute("axis", 1)]);
    }
}
