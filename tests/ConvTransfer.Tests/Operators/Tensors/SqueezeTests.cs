using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class SqueezeProblems : OperatorProblems
{
    public override string OpType => "Squeeze";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("axes as an attribute", "Squeeze", 1, [Normal(1, 2, 1, 3, 1)], [List("axes", 1, 3)], batchInput: 0);
        yield return OperatorProblem.Of("negative axis", "Squeeze", 11, [Normal(1, 2, 3, 1)], [List("axes", -1)]);
        yield return OperatorProblem.Of("all", "Squeeze", 11, [Normal(1, 1, 3, 1)]);
        yield return OperatorProblem.Of("axes as an input", "Squeeze", 13, [Normal(1, 2, 1, 3, 1), Ints(-3)], batchInput: 0);
        yield return OperatorProblem.Of("all", "Squeeze", 21, [Of<int>([1, 1], 7)]);
        yield return OperatorProblem.Of("strings", "Squeeze", 25, [Strings([1, 2], "a", "b"), Ints(0)]);
    }
}
