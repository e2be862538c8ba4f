using ConvTransfer.Graphs;
using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class UpsampleProblems : OperatorProblems
{
    public override string OpType => "Upsample";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (string mode in new[] { "nearest", "linear" })
        {
            yield return OperatorProblem.Of(mode, "Upsample", 7, [Normal(1, 2, 3, 4, 5)], [new NodeAttribute("scales", new AttributeValue.Floats([1f, 1f, 2f, 3f])), Attribute("mode", mode)], batchInput: 0);
            yield return OperatorProblem.Of(mode, "Upsample", 9, [Normal(1, 2, 3, 4, 5), Of([4], 1f, 1f, 1.5f, 2f).AsConstant()], [Attribute("mode", mode)], batchInput: 0);
        }
    }
}
