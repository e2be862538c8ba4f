namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class IdentityProblems : OperatorProblems
{
    public override string OpType => "Identity";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 13, 18, 25 }) yield return OperatorProblem.Of($"opset {opset}", "Identity", opset, [ProblemData.Normal(1, 3, 5)], batchInput: 0);
        yield return OperatorProblem.Of("empty", "Identity", 13, [ProblemData.Of<long>([0, 2])]);
        yield return OperatorProblem.Of("scalar", "Identity", 13, [ProblemData.Of<byte>([], 7)]);
    }
}
