using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class DepthToSpaceProblems : OperatorProblems
{
    public override string OpType => "DepthToSpace";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 11, 13 }) yield return OperatorProblem.Of("depth first", "DepthToSpace", opset, [Normal(1, 2, 12, 3, 5)], [Attribute("blocksize", 2)], batchInput: 0);
        yield return OperatorProblem.Of("columns first", "DepthToSpace", 13, [Count<byte>(2, 18, 3, 2)], [Attribute("blocksize", 3), Attribute("mode", "CRD")], batchInput: 0);
        yield return OperatorProblem.Of("blocks of one", "DepthToSpace", 13, [Normal(1, 1, 2, 3, 2)], [Attribute("blocksize", 1)]);
    }
}
