using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class TileProblems : OperatorProblems
{
    public override string OpType => "Tile";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("two axes", "Tile", 6, [Normal(1, 2, 3), Ints(2, 3)]);
        yield return OperatorProblem.Of("once", "Tile", 13, [Normal(1, 2, 3), Ints(1, 1)], batchInput: 0);
        yield return OperatorProblem.Of("none", "Tile", 13, [Normal(1, 2, 3), Ints(2, 0)]);
        yield return OperatorProblem.Of("of nothing", "Tile", 13, [Normal(1, 0, 3), Ints(2, 2)]);
        yield return OperatorProblem.Of("scalar", "Tile", 13, [Of<int>([], 3), Ints()]);
        yield return OperatorProblem.Of("one element often", "Tile", 13, [Of<double>([1, 1], 3), Ints(5, 70)]);
        yield return OperatorProblem.Of("strings", "Tile", 13, [Strings([2], "a", "b"), Ints(3)]);
    }
}
