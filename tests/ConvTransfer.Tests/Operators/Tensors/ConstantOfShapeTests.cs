using ConvTransfer.Graphs;
using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class ConstantOfShapeProblems : OperatorProblems
{
    public override string OpType => "ConstantOfShape";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 9, 20, 25 }) yield return OperatorProblem.Of("zeros", "ConstantOfShape", opset, [Ints(2, 3)]);
        yield return OperatorProblem.Of("scalar", "ConstantOfShape", 9, [Ints()]);
        yield return OperatorProblem.Of("empty", "ConstantOfShape", 9, [Ints(2, 0)]);
        yield return OperatorProblem.Of("int64", "ConstantOfShape", 9, [Ints(4)], [Value(Of<long>([1], -5))]);
        yield return OperatorProblem.Of("half", "ConstantOfShape", 9, [Ints(4)], [Value(Of<Half>([1], (Half)0.1f))]);
        yield return OperatorProblem.Of("truth values", "ConstantOfShape", 9, [Ints(4)], [Value(Of([1], true))]);
        yield return OperatorProblem.Of("more than is folded", "ConstantOfShape", 9, [Ints(70, 80)], [Value(Of([1], 2.5))]);
    }

    private static NodeAttribute Value(ProblemInput value) => new("value", new AttributeValue.Tensor(value.Data));
}
