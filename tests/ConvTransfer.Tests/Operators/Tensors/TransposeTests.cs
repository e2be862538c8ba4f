using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class TransposeProblems : OperatorProblems
{
    public override string OpType => "Transpose";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 13, 25 }) yield return OperatorProblem.Of("reversed", "Transpose", opset, [Normal(1, 3, 4, 5)]);
        yield return OperatorProblem.Of("to NHWC", "Transpose", 13, [Normal(1, 2, 19, 17, 18)], [Attribute("perm", 0, 2, 3, 1)], batchInput: 0);
        yield return OperatorProblem.Of("to NCHW, bytes", "Transpose", 13, [Count<byte>(2, 37, 41, 3)], [Attribute("perm", 0, 3, 1, 2)], batchInput: 0);
        yield return OperatorProblem.Of("large enough for threads", "Transpose", 13, [Count<float>(7, 300, 61)], [Attribute("perm", 2, 0, 1)]);
        yield return OperatorProblem.Of("channel shuffle", "Transpose", 13, [Count<double>(2, 3, 5, 7, 7)], [Attribute("perm", 0, 2, 1, 3, 4)], batchInput: 0);
        yield return OperatorProblem.Of("int16", "Transpose", 13, [Count<short>(33, 35)], [Attribute("perm", 1, 0)]);
        yield return OperatorProblem.Of("strings", "Transpose", 13, [Strings([2, 3], "a", "b", "c", "d", "e", "f")]);
        yield return OperatorProblem.Of("scalar", "Transpose", 13, [Of<float>([], 5)]);
        yield return OperatorProblem.Of("empty", "Transpose", 13, [Normal(1, 3, 0, 5)], [Attribute("perm", 1, 2, 0)]);
        yield return OperatorProblem.Of("long axis of length 1", "Transpose", 13, [Normal(1, 1, 40, 1, 3)], [Attribute("perm", 2, 3, 0, 1)]);
    }
}
