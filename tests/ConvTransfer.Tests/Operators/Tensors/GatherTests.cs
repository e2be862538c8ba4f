using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class GatherProblems : OperatorProblems
{
    public override string OpType => "Gather";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("rows", "Gather", 1, [Normal(1, 5, 3), Of<long>([2], 4, 0)]);
        yield return OperatorProblem.Of("scalar index", "Gather", 11, [Normal(1, 2, 3, 4), Of<long>([], 2).AsConstant()], [Attribute("axis", 1)], batchInput: 0);
        yield return OperatorProblem.Of("negative axis and indices, int32", "Gather", 13, [Normal(1, 2, 3, 4), Of<int>([2, 2], -1, 0, 3, -4)], [Attribute("axis", -1)]);
        yield return OperatorProblem.Of("no indices", "Gather", 13, [Normal(1, 2, 3), Of<long>([0])]);
        yield return OperatorProblem.Of("empty data", "Gather", 13, [Normal(1, 0, 3), Of<long>([2], 1, 1)], [Attribute("axis", 1)]);
        yield return OperatorProblem.Of("bytes", "Gather", 13, [Count<byte>(3, 4, 5), Of<long>([3], 2, 0, 2)], [Attribute("axis", 1)]);
        yield return OperatorProblem.Of("strings", "Gather", 13, [Strings([3, 2], "a", "b", "c", "d", "e", "f"), Of<long>([2], 2, -3)]);
    }
}
