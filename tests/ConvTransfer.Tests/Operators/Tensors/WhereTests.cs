using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class WhereProblems : OperatorProblems
{
    public override string OpType => "Where";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("equal shapes", "Where", 9, [Of([2, 2], true, false, false, true), Normal(1, 2, 2), Normal(2, 2, 2)]);
        yield return OperatorProblem.Of("all spread", "Where", 16, [Of([3, 1], true, false, true), Normal(1, 1, 5), Normal(2, 2, 1, 1)]);
        yield return OperatorProblem.Of("scalars", "Where", 16, [Of([], true), Of([], 1L), Of([], 2L)]);
        yield return OperatorProblem.Of("int16 against a scalar", "Where", 16, [Of([1, 3], true, false, true), Count<short>(4, 3), Of([], (short)-1)]);
        yield return OperatorProblem.Of("bytes", "Where", 16, [Of([3], true, false, true), Count<byte>(2, 3), Count<byte>(3)]);
        yield return OperatorProblem.Of("empty", "Where", 16, [Of<bool>([0]), Normal(1, 2, 1), Normal(2, 1)]);
        yield return OperatorProblem.Of("strings", "Where", 16, [Of([2], true, false), Strings([2], "a", "b"), Strings([], "-")]);
    }
}
