using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class PadProblems : OperatorProblems
{
    public override string OpType => "Pad";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("paddings", "Pad", 1, [Normal(1, 2, 3)], [Attribute("paddings", 0, 1, 0, 2), Attribute("value", 1.5f)], batchInput: 0);
        foreach (string mode in new[] { "constant", "reflect", "edge" })
        {
            yield return OperatorProblem.Of(mode, "Pad", 2, [Normal(1, 1, 2, 5, 6)], [Attribute("pads", 0, 0, 1, 2, 0, 0, 3, 4), Attribute("mode", mode)], batchInput: 0);
            yield return OperatorProblem.Of(mode, "Pad", 11, [Normal(1, 2, 5, 6, 2), Ints(0, 1, 2, 0, 0, 3, 4, 0)], [Attribute("mode", mode)], batchInput: 0);
        }
        foreach (string mode in new[] { "constant", "reflect", "edge", "wrap" })
        {
            yield return OperatorProblem.Of($"{mode}, more than the axis", "Pad", 19, [Count<int>(2, 3), Ints(0, 7, 0, 8)], [Attribute("mode", mode)]);
            yield return OperatorProblem.Of($"{mode}, one cut and one added", "Pad", 21, [Count<double>(4, 5), Ints(-2, 3, 1, -1)], [Attribute("mode", mode)]);
            yield return OperatorProblem.Of($"{mode}, an axis of length 1", "Pad", 25, [Count<byte>(1, 3), Ints(2, 0, 3, 0)], [Attribute("mode", mode)]);
            yield return OperatorProblem.Of($"{mode}, large enough for threads", "Pad", 19, [Normal(1, 1, 8, 100, 100), Ints(0, 0, 3, 3, 0, 0, 3, 3)], [Attribute("mode", mode)]);
        }
        yield return OperatorProblem.Of("constant value", "Pad", 13, [Normal(1, 2, 3), Ints(1, 0, 0, 2), Of([], 7.5f)]);
        yield return OperatorProblem.Of("axes", "Pad", 18, [Normal(1, 2, 3, 4), Ints(1, 2), Of([], -1f).AsConstant(), Of<int>([1], -1).AsConstant()], batchInput: 0);
        yield return OperatorProblem.Of("all cut", "Pad", 13, [Normal(1, 2, 3), Ints(0, -3, 0, 0)]);
        yield return OperatorProblem.Of("empty grows", "Pad", 13, [Normal(1, 2, 0), Ints(0, 1, 0, 1)]);
        yield return OperatorProblem.Of("scalar", "Pad", 13, [Of<float>([], 3), Ints()]);
        yield return OperatorProblem.Of("strings", "Pad", 13, [Strings([2], "a", "b"), Ints(1, 1), Strings([], "-")]);
        yield return OperatorProblem.Of("strings without a value", "Pad", 13, [Strings([2], "a", "b"), Ints(1, 1)]);
    }
}
