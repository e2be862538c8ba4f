using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class SpaceToDepthProblems : OperatorProblems
{
    public override string OpType => "SpaceToDepth";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 13 }) yield return OperatorProblem.Of("blocks of two", "SpaceToDepth", opset, [Normal(1, 2, 3, 4, 6)], [Attribute("blocksize", 2)], batchInput: 0);
        yield return OperatorProblem.Of("blocks of three, int64", "SpaceToDepth", 13, [Count<long>(1, 2, 3, 6)], [Attribute("blocksize", 3)]);
    }
}
