using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators.Math;

/// <summary>The problems of two operands: ways of spreading, the old attributes, and the types.</summary>
internal abstract class BinaryProblems(string op, long oldest, long newest, bool legacy = true, bool truth = false) : OperatorProblems
{
    public override string OpType { get; } = op;

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (var (a, b) in new (long[], long[])[]
        {
            ([33], [33]), ([2, 3, 5, 7], [2, 3, 5, 7]), ([2, 3, 5, 7], []), ([], [2, 35]), ([2, 3, 5, 7], [3, 1, 1]), ([2, 3, 5, 7], [7]), ([4, 1, 6], [5, 1]), ([1, 17], [16, 1]), ([0, 3], [1, 3]), ([3, 1, 4], [1, 0, 4]), ([2, 20000], [1]),
        })
            yield return Make($"{Text(a)} with {Text(b)}", System.Math.Max(Newest, 7), Data(1, a), Data(2, b)) with { BatchInput = a.Length > 1 && a[0] > 1 && b.Length < a.Length ? 0 : null };
        yield return Make("a constant operand", Newest, Data(1, [2, 3, 4]), Data(2, [3, 1]).AsConstant());
        foreach (long opset in new[] { oldest, Newest }.Distinct()) yield return Make($"opset {opset}", opset, Data(1, [2, 3]), Data(2, [2, 3]));
        if (!legacy) yield break;
        foreach (long opset in new long[] { 1, 6 })
        {
            yield return Make($"opset {opset} along the last axes", opset, Data(1, [2, 3, 4]), Data(2, [3, 4]), ProblemData.Attribute("broadcast", 1));
            yield return Make($"opset {opset} along axis 1", opset, Data(1, [2, 3, 4]), Data(2, [3]), ProblemData.Attribute("broadcast", 1), ProblemData.Attribute("axis", 1));
            yield return Make($"opset {opset} along axis 0", opset, Data(1, [2, 3, 4]), Data(2, [2, 3]), ProblemData.Attribute("broadcast", 1), ProblemData.Attribute("axis", 0));
            yield return Make($"opset {opset} a scalar", opset, Data(1, [2, 3, 4]), Data(2, [1]), ProblemData.Attribute("broadcast", 1));
        }
    }

    protected long Newest { get; } = newest;

    protected OperatorProblem Make(string name, long opset, ProblemInput a, ProblemInput b, params NodeAttribute[] attributes) => OperatorProblem.Of(name, OpType, opset, [a, b], attributes);

    protected virtual ProblemInput Data(int seed, long[] dims)
    {
        if (!truth) return ProblemData.Normal(seed, dims);
        bool[] values = new bool[dims.Aggregate(1L, (p, d) => p * d)];
        for (int i = 0; i < values.Length; i++) values[i] = ((i * 7) + seed) % 3 == 0;
        return ProblemData.Of(dims, values);
    }

    private static string Text(long[] dims) => dims.Length == 0 ? "a scalar" : string.Join('x', dims);
}

internal abstract class NumberProblems(string op, long newest) : BinaryProblems(op, 1, newest)
{
    public override IEnumerable<OperatorProblem> All()
    {
        foreach (var problem in base.All()) yield return problem;
        yield return Make("int64, 0 and the least among them", Newest, ProblemData.Of<long>([6], 7, -7, 7, long.MinValue, 5, 0), ProblemData.Of<long>([6], 2, 2, -2, -1, 0, 3));
        yield return Make("int8 that wraps", Newest, ProblemData.Of<sbyte>([3], 100, -100, -128), ProblemData.Of<sbyte>([3], 100, 100, -1));
        yield return Make("uint8", Newest, ProblemData.Of<byte>([3], 200, 3, 9), ProblemData.Of<byte>([3], 100, 5, 0));
        yield return Make("double", Newest, ProblemData.Of<double>([2], 1.5, -2), ProblemData.Of<double>([1], 0));
        yield return Make("float16", Newest, ProblemData.Of<Half>([2], (Half)1.5, (Half)(-2)), ProblemData.Of<Half>([1], (Half)3));
        yield return Make("infinite and not numbers", Newest, ProblemData.Of([4], float.NaN, float.PositiveInfinity, float.PositiveInfinity, 0), ProblemData.Of([4], 1, float.PositiveInfinity, float.NegativeInfinity, 0f));
    }
}

internal sealed class AddProblems() : NumberProblems("Add", 14);

internal sealed class SubProblems() : NumberProblems("Sub", 14);

internal sealed class MulProblems() : NumberProblems("Mul", 14);

internal sealed class DivProblems() : NumberProblems("Div", 14);

internal sealed class EqualProblems() : BinaryProblems("Equal", 7, 13)
{
    protected override ProblemInput Data(int seed, long[] dims) => ProblemData.Of(dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (p, d) => p * d)).Select(i => (i * seed) % 3)]);
}

internal sealed class LessProblems() : BinaryProblems("Less", 7, 13);

internal sealed class GreaterProblems() : BinaryProblems("Greater", 7, 13);

internal sealed class LessOrEqualProblems() : BinaryProblems("LessOrEqual", 12, 16, legacy: false);

internal sealed class GreaterOrEqualProblems() : BinaryProblems("GreaterOrEqual", 12, 16, legacy: false);

internal sealed class AndProblems() : BinaryProblems("And", 7, 7, truth: true);

internal sealed class OrProblems() : BinaryProblems("Or", 7, 7, truth: true);

internal sealed class XorProblems() : BinaryProblems("Xor", 7, 7, truth: true);

internal sealed class NotProblems : OperatorProblems
{
    public override string OpType => "Not";

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("values", "Not", 1, [ProblemData.Of([3], true, false, true)]);
        yield return OperatorProblem.Of("empty", "Not", 13, [ProblemData.Of<bool>([0])]);
    }
}

internal sealed class ModProblems() : BinaryProblems("Mod", 10, 13, legacy: false)
{
    public override IEnumerable<OperatorProblem> All()
    {
        foreach (var problem in base.All()) yield return problem;
        yield return Make("fmod of floats", 13, ProblemData.Of([4], 5.3f, -5.3f, 5.3f, 1), ProblemData.Of([4], 2, 2, -2f, 0), ProblemData.Attribute("fmod", 1));
        yield return Make("fmod of integers", 13, ProblemData.Of<int>([5], 7, -7, 7, -7, 3), ProblemData.Of<int>([5], 3, 3, -3, -3, 0), ProblemData.Attribute("fmod", 1));
        yield return Make("the divisor's sign", 13, ProblemData.Of<int>([6], 7, -7, 7, -7, 3, int.MinValue), ProblemData.Of<int>([6], 3, 3, -3, -3, 0, -1));
    }

    protected override ProblemInput Data(int seed, long[] dims) => ProblemData.Of(dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (p, d) => p * d)).Select(i => (((i * 37) + seed) % 19) - 9L)]);
}

internal sealed class PowProblems() : BinaryProblems("Pow", 7, 15)
{
    public override IEnumerable<OperatorProblem> All()
    {
        foreach (var problem in base.All()) yield return problem;
        yield return Make("integers", 15, ProblemData.Of<long>([4], 3, -2, 10, 2), ProblemData.Of<long>([4], 4, 3, 0, -1));
        yield return Make("float to an integer", 15, ProblemData.Of([3], 1.5f, -2, 0), ProblemData.Of<int>([3], 2, 3, 0));
        yield return Make("integer to a float", 13, ProblemData.Of<int>([2], 4, 9), ProblemData.Of([2], 0.5f, 1.5f));
    }
}

internal sealed class PReluProblems : OperatorProblems
{
    public override string OpType => "PRelu";

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long opset in new long[] { 1, 6 })
        {
            yield return OperatorProblem.Of($"opset {opset} by channel", OpType, opset, [ProblemData.Normal(1, 2, 3, 5), ProblemData.Normal(2, 3)], batchInput: 0);
            yield return OperatorProblem.Of($"opset {opset} one slope", OpType, opset, [ProblemData.Normal(1, 2, 3, 5), ProblemData.Normal(2, 1)], batchInput: 0);
        }
        foreach (long opset in new long[] { 7, 9, 16 }) yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 2, 3, 5), ProblemData.Normal(2, 3, 1).AsConstant()], batchInput: 0);
        yield return OperatorProblem.Of("int64", OpType, 16, [ProblemData.Of<long>([3], -2, 0, 4), ProblemData.Of<long>([1], 3)]);
    }
}

internal abstract class VariadicProblems(string op, bool integers) : OperatorProblems
{
    public override string OpType { get; } = op;

    public override IEnumerable<OperatorProblem> All()
    {
        yield return OperatorProblem.Of("one", OpType, 13, [ProblemData.Normal(1, 2, 3)], batchInput: 0);
        yield return OperatorProblem.Of("two", OpType, 13, [ProblemData.Normal(1, 3, 33), ProblemData.Normal(2, 3, 33)]);
        yield return OperatorProblem.Of("four that are spread", OpType, 13, [ProblemData.Normal(1, 2, 1, 4), ProblemData.Normal(2, 3, 1), ProblemData.Normal(3), ProblemData.Normal(4, 4)]);
        foreach (long opset in new long[] { 1, 6, 8, 13 }) yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(1, 2, 3), ProblemData.Normal(2, 2, 3), ProblemData.Normal(3, 2, 3)]);
        yield return OperatorProblem.Of("not numbers", OpType, 13, [ProblemData.Of([3], float.NaN, 1, 2), ProblemData.Of([3], 1, float.NaN, 0)]);
        yield return OperatorProblem.Of("double", OpType, 13, [ProblemData.Of<double>([2], 1, 2), ProblemData.Of<double>([2], 3, -4)]);
        if (integers) yield return OperatorProblem.Of("int8", OpType, 12, [ProblemData.Of<sbyte>([2], 1, -128), ProblemData.Of<sbyte>([2], 3, 4)]);
    }
}

internal sealed class SumProblems() : VariadicProblems("Sum", integers: false);

internal sealed class MeanProblems() : VariadicProblems("Mean", integers: false);

internal sealed class MaxProblems() : VariadicProblems("Max", integers: true);

internal sealed class MinProblems() : VariadicProblems("Min", integers: true);
