using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class CastLikeProblems : OperatorProblems
{
    public override string OpType => "CastLike";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("float to int32", "CastLike", 15, [Of([3], 1.5f, -2.5f, 0f), Of<int>([], 1)]);
        yield return OperatorProblem.Of("int64 to half", "CastLike", 19, [Of([3], 1L, 2048L, -3L), Of<Half>([0])]);
        yield return OperatorProblem.Of("the same", "CastLike", 25, [Normal(1, 2, 3), Normal(2, 1)], batchInput: 0);
    }
}
