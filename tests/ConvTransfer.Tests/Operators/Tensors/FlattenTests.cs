using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class FlattenProblems : OperatorProblems
{
    public override string OpType => "Flatten";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("default axis", "Flatten", 1, [Normal(1, 2, 3, 4)], batchInput: 0);
        yield return OperatorProblem.Of("axis 0", "Flatten", 9, [Of<long>([2, 1], 3, 4)], [Attribute("axis", 0)]);
        yield return OperatorProblem.Of("axis is the rank", "Flatten", 11, [Normal(1, 2, 3)], [Attribute("axis", 2)]);
        yield return OperatorProblem.Of("negative axis", "Flatten", 13, [Normal(1, 2, 3, 4, 5)], [Attribute("axis", -1)]);
        yield return OperatorProblem.Of("scalar", "Flatten", 21, [Of<byte>([], 5)], [Attribute("axis", 0)]);
        yield return OperatorProblem.Of("empty batch", "Flatten", 25, [Normal(1, 0, 3, 4)]);
    }
}
