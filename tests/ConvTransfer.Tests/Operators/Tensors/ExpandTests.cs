using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class ExpandProblems : OperatorProblems
{
    public override string OpType => "Expand";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("axes of length 1", "Expand", 8, [Normal(1, 3, 1), Ints(2, 3, 4)]);
        yield return OperatorProblem.Of("a shorter shape", "Expand", 13, [Normal(1, 2, 3, 1), Ints(1, 5)]);
        yield return OperatorProblem.Of("scalar, large enough for threads", "Expand", 13, [Of([], 3.5), Ints(300, 301)]);
        yield return OperatorProblem.Of("to nothing", "Expand", 13, [Normal(1, 3, 1), Ints(3, 0)]);
        yield return OperatorProblem.Of("a row of bytes", "Expand", 13, [Count<byte>(1, 37), Ints(19, 37)]);
        yield return OperatorProblem.Of("strings", "Expand", 13, [Strings([2, 1], "a", "b"), Ints(2, 2)]);
    }
}
