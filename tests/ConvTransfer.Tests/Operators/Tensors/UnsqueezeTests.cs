using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class UnsqueezeProblems : OperatorProblems
{
    public override string OpType => "Unsqueeze";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("axes as an attribute", "Unsqueeze", 1, [Normal(1, 2, 3)], [List("axes", 1, 3)], batchInput: 0);
        yield return OperatorProblem.Of("negative axis", "Unsqueeze", 11, [Normal(1, 2, 3)], [List("axes", -1)]);
        yield return OperatorProblem.Of("axes as an input", "Unsqueeze", 13, [Normal(1, 2, 3), Ints(4, -4, 2)]);
        yield return OperatorProblem.Of("scalar", "Unsqueeze", 21, [Of<bool>([], true), Ints(0, 1)]);
        yield return OperatorProblem.Of("no axes", "Unsqueeze", 25, [Normal(1, 0, 3), Ints()]);
    }
}
