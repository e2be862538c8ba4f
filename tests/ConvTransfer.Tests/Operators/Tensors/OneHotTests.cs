using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class OneHotProblems : OperatorProblems
{
    public override string OpType => "OneHot";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("classes", OpType, 9, [Of<long>([3], 2, 0, 3), Of<long>([], 4).AsConstant(), Of([2], 0f, 1f)], batchInput: 0);
        yield return OperatorProblem.Of("negative indices lie outside", OpType, 9, [Of<int>([2, 2], -1, 0, 1, 5), Of<int>([1], 3).AsConstant(), Of([2], 2.5f, -1f)]);
        yield return OperatorProblem.Of("negative indices count from the back", OpType, 11, [Of<int>([2, 2], -1, 0, -3, -4), Of<int>([1], 3).AsConstant(), Of([2], 2.5f, -1f)]);
        foreach (long axis in new long[] { 0, 1, 2, -2, -3 }) yield return OperatorProblem.Of($"axis {axis}", OpType, 11, [Of<long>([2, 3], 0, 1, 2, 3, 4, 5), Of<long>([], 5).AsConstant(), Of<long>([2], 7, 8)], [Attribute("axis", axis)]);
        yield return OperatorProblem.Of("numbers with fractions, depth too", OpType, 11, [Of([4], 1.7f, -0.5f, -1.5f, 3e9f), Of([1], 3.9f).AsConstant(), Of([2], 0f, 1f)]);
        yield return OperatorProblem.Of("depth given by the caller", OpType, 11, [Of<long>([2], 1, 2), Of<long>([1], 4), Of([2], 0f, 1f)]);
        yield return OperatorProblem.Of("bytes of great numbers", OpType, 11, [Of([2], ulong.MaxValue, 1UL), Of<byte>([], 2).AsConstant(), Of<byte>([2], 3, 4)]);
        yield return OperatorProblem.Of("halves", OpType, 11, [Of<sbyte>([2], -1, 1), Of<long>([], 2).AsConstant(), Of([2], (Half)3, (Half)4)]);
        yield return OperatorProblem.Of("strings", OpType, 11, [Of<long>([], 1), Of<long>([], 2).AsConstant(), Strings([2], "off", "on")]);
        yield return OperatorProblem.Of("no class", OpType, 11, [Of<long>([2], 1, 0), Of<long>([], 0).AsConstant(), Of([2], 0f, 1f)]);
    }
}
