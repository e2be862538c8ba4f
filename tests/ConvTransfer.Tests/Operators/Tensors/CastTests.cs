using ConvTransfer.Engine.Tensors;
using static ConvTransfer.Tests.Operators.ProblemData;

namespace ConvTransfer.Tests.Operators.Tensors;

internal sealed class CastProblems : OperatorProblems
{
    public override string OpType => "Cast";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("type as text", "Cast", 1, [Of([3], 1.5f, -2.5f, 0f)], [Attribute("to", "INT32")]);
        foreach (var to in new[] { ElementType.Float32, ElementType.Float64, ElementType.Float16, ElementType.UInt8, ElementType.Int8, ElementType.UInt16, ElementType.Int16, ElementType.UInt32, ElementType.Int32, ElementType.UInt64, ElementType.Int64, ElementType.Bool })
        {
            var attribute = Attribute("to", (long)to);
            yield return OperatorProblem.Of($"float to {to}", "Cast", 6, [Of([9], 0f, -0f, 1.5f, -1.5f, 1e-6f, 3e9f, -3e9f, 1e30f, 65519.9f)], [attribute]);
            yield return OperatorProblem.Of($"not finite to {to}", "Cast", 9, [Of([3], float.NaN, float.PositiveInfinity, float.NegativeInfinity)], [attribute]);
            yield return OperatorProblem.Of($"double to {to}", "Cast", 13, [Of([5], 0.1, -1e300, 1.00048828125001, 4e18, 300.7)], [attribute]);
            yield return OperatorProblem.Of($"half to {to}", "Cast", 13, [Of([4], (Half)0.1f, (Half)(-7.75f), (Half)60000f, Half.NaN)], [attribute]);
            yield return OperatorProblem.Of($"int64 to {to}", "Cast", 19, [Of([5], 0L, -1L, 2049L, long.MaxValue, -1000L)], [attribute]);
            yield return OperatorProblem.Of($"uint64 to {to}", "Cast", 21, [Of([3], 0UL, 255UL, ulong.MaxValue)], [attribute]);
            yield return OperatorProblem.Of($"int32 to {to}", "Cast", 21, [Of([3], 0, -129, int.MaxValue)], [attribute]);
            yield return OperatorProblem.Of($"uint8 to {to}", "Cast", 21, [Count<byte>(256)], [attribute]);
            yield return OperatorProblem.Of($"bool to {to}", "Cast", 25, [Of([2], true, false)], [attribute]);
        }
        yield return OperatorProblem.Of("large enough for threads", "Cast", 13, [Count<byte>(3, 300, 301)], [Attribute("to", (long)ElementType.Float32)], batchInput: 0);
        yield return OperatorProblem.Of("empty", "Cast", 13, [Normal(1, 0, 3)], [Attribute("to", (long)ElementType.Int32)]);
        yield return OperatorProblem.Of("strings to strings", "Cast", 13, [Strings([2], "a", "b")], [Attribute("to", (long)ElementType.String)]);
    }
}
