using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class ShapeProblems : OperatorProblems
{
    public override string OpType => "Shape";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 13, 15, 21, 25 }) yield return OperatorProblem.Of("all axes", "Shape", opset, [Normal(1, 2, 3, 4)]);
        yield return OperatorProblem.Of("scalar", "Shape", 13, [Of<float>([], 1)]);
        yield return OperatorProblem.Of("from the second to before the last", "Shape", 15, [Normal(1, 2, 3, 4, 5)], [Attribute("start", 1), Attribute("end", -1)]);
        yield return OperatorProblem.Of("bounds held", "Shape", 19, [Normal(1, 2, 0)], [Attribute("start", -9), Attribute("end", 9)]);
        yield return OperatorProblem.Of("end before start", "Shape", 19, [Normal(1, 2, 3)], [Attribute("start", 2), Attribute("end", 1)]);
        yield return OperatorProblem.Of("strings", "Shape", 19, [Strings([2, 1], "a", "b")]);
    }
}
