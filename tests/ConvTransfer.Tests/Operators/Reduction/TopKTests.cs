using ConvTransfer.Graphs;
using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Reduction;

internal sealed class TopKProblems : OperatorProblems
{
    public override string OpType => "TopK";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("k as an attribute", OpType, 1, [Normal(1, 3, 7)], [Attribute("k", 3)], outputs: 2, batchInput: 0);
        yield return Of("greatest", 10, Normal(1, 3, 7), 3, batch: true);
        foreach (long axis in new long[] { 0, 1, 2, -2 }) yield return Of($"axis {axis}", 11, Normal(1, 4, 3, 5), 2, [Attribute("axis", axis), Attribute("largest", 0), Attribute("sorted", 0)]);
        foreach (long k in new long[] { 0, 1, 500, 1000 }) yield return Of($"{k} of many", 24, Normal(1, 5, 1000), k, batch: true);
        yield return Of("equal ones", 11, ProblemData.Of<int>([2, 6], 1, 2, 2, 1, 2, 0, 5, 5, 5, 5, 5, 5), 4, [Attribute("largest", 1)], batch: true);
        yield return Of("equal ones, least", 11, ProblemData.Of<long>([6], 1, 2, 2, 1, 2, 0), 4, [Attribute("largest", 0)]);
        yield return Of("bytes", 11, ProblemData.Of<byte>([4], 3, 200, 7, 100), 2);
        yield return Of("not a number, zeros of both signs", 11, ProblemData.Of([7], 1, float.NaN, -0f, 0f, float.PositiveInfinity, float.NaN, float.NegativeInfinity), 6);
        yield return Of("no row", 11, ProblemData.Of<float>([0, 3]), 2);
        yield return OperatorProblem.Of("K given by the caller", OpType, 11, [Normal(1, 9), ProblemData.Of<long>([1], 4)], outputs: 2);
    }

    private OperatorProblem Of(string name, long opset, ProblemInput x, long k, NodeAttribute[]? attributes = null, bool batch = false) =>
        OperatorProblem.Of(name, OpType, opset, [x, Ints(k)], attributes, outputs: 2, batchInput: batch ? 0 : null);
}
