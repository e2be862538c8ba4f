using ConvTransfer.Graphs;
using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class ConstantProblems : OperatorProblems
{
    public override string OpType => "Constant";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 9, 13, 25 }) yield return OperatorProblem.Of("tensor", "Constant", opset, [], [Value(Count<float>(2, 3))]);
        yield return OperatorProblem.Of("half", "Constant", 13, [], [Value(Of<Half>([2], (Half)0.1f, (Half)2))]);
        yield return OperatorProblem.Of("strings in a tensor", "Constant", 13, [], [Value(Strings([2], "a", "ü"))]);
        yield return OperatorProblem.Of("large", "Constant", 13, [], [Value(Count<int>(5000))]);
        yield return OperatorProblem.Of("float", "Constant", 12, [], [Attribute("value_float", 1.5f)]);
        yield return OperatorProblem.Of("floats", "Constant", 12, [], [new NodeAttribute("value_floats", new AttributeValue.Floats([1f, 2f]))]);
        yield return OperatorProblem.Of("int", "Constant", 12, [], [Attribute("value_int", 7)]);
        yield return OperatorProblem.Of("ints", "Constant", 12, [], [Attribute("value_ints", 7, -8)]);
        yield return OperatorProblem.Of("string", "Constant", 13, [], [Attribute("value_string", "word")]);
        yield return OperatorProblem.Of("list of strings", "Constant", 13, [], [new NodeAttribute("value_strings", new AttributeValue.Strings([[65], [66, 67]]))]);
    }

    private static NodeAttribute Value(ProblemInput value) => new("value", new AttributeValue.Tensor(value.Data));
}
