using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class SizeProblems : OperatorProblems
{
    public override string OpType => "Size";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 13, 25 }) yield return OperatorProblem.Of("three axes", "Size", opset, [Normal(1, 2, 3, 4)]);
        yield return OperatorProblem.Of("scalar", "Size", 13, [Of<float>([], 1)]);
        yield return OperatorProblem.Of("empty", "Size", 13, [Normal(1, 3, 0)]);
    }
}
