using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class RangeProblems : OperatorProblems
{
    public override string OpType => "Range";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("floats", "Range", 11, [Of([], 1f).AsConstant(), Of([], 4.1f).AsConstant(), Of([], 0.5f).AsConstant()]);
        yield return OperatorProblem.Of("backwards", "Range", 11, [Of([], 10).AsConstant(), Of([], 3).AsConstant(), Of([], -3).AsConstant()]);
        yield return OperatorProblem.Of("empty", "Range", 11, [Of([], 3L).AsConstant(), Of([], 3L).AsConstant(), Of([], 1L).AsConstant()]);
        yield return OperatorProblem.Of("more than is folded", "Range", 11, [Of([], (short)-5).AsConstant(), Of([], (short)9000).AsConstant(), Of([], (short)1).AsConstant()]);
        yield return OperatorProblem.Of("halves", "Range", 11, [Of([], (Half)1).AsConstant(), Of([], (Half)5).AsConstant(), Of([], (Half)1.5f).AsConstant()]);
        yield return OperatorProblem.Of("doubles", "Range", 11, [Of([], 0.0).AsConstant(), Of([], 1.0).AsConstant(), Of([], 0.1).AsConstant()]);
    }
}
