using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class ReshapeProblems : OperatorProblems
{
    public override string OpType => "Reshape";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("shape as an attribute", "Reshape", 1, [Normal(1, 2, 3, 4)], [Attribute("shape", 0, -1)], batchInput: 0);
        foreach (long opset in new long[] { 5, 13, 14, 21, 25 }) yield return OperatorProblem.Of("copied batch and what is left", "Reshape", opset, [Normal(1, 2, 3, 4), Ints(0, -1)], batchInput: 0);
        yield return OperatorProblem.Of("to a scalar", "Reshape", 13, [Normal(1, 1, 1), Ints()]);
        yield return OperatorProblem.Of("from a scalar", "Reshape", 13, [Of<int>([], 5), Ints(1, -1, 1)]);
        yield return OperatorProblem.Of("empty batch", "Reshape", 13, [Normal(1, 0, 3, 4), Ints(0, -1)]);
        yield return OperatorProblem.Of("empty with allowzero", "Reshape", 14, [Normal(1, 0, 3, 4), Ints(3, 4, 0)], [Attribute("allowzero", 1)]);
        yield return OperatorProblem.Of("strings", "Reshape", 13, [Strings([2, 2], "a", "", "b", "c"), Ints(4)]);
    }
}
