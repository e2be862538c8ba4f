using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Operators.Math;

/// <summary>The problems of a function of one number: sizes around vector lengths, the versions, and the numbers at which functions are apt to go wrong.</summary>
internal abstract class FunctionProblems(string op, long[] opsets, params NodeAttribute[] attributes) : OperatorProblems
{
    public override string OpType { get; } = op;

    public override IEnumerable<OperatorProblem> All()
    {
        foreach (long size in new long[] { 1, 15, 16, 17, 35 }) yield return OperatorProblem.Of($"{size} elements", OpType, opsets[^1], [ProblemData.Normal((int)size, size)], batchInput: 0);
        foreach (long opset in opsets) yield return OperatorProblem.Of($"opset {opset}", OpType, opset, [ProblemData.Normal(3, 2, 3, 5)], attributes, batchInput: 0);
        float[] special = [0, -0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, 100, -100, 3e38f, -3e38f, 1e-40f, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        yield return OperatorProblem.Of("special numbers", OpType, opsets[^1], [ProblemData.Of([special.Length], special)], attributes);
        yield return OperatorProblem.Of("double", OpType, opsets[^1], [ProblemData.Of<double>([3], 0.25, -3, 7)], attributes);
        yield return OperatorProblem.Of("float16", OpType, opsets[^1], [ProblemData.Of<Half>([3], (Half)0.25, (Half)(-3), (Half)7)], attributes);
        yield return OperatorProblem.Of("empty", OpType, opsets[^1], [ProblemData.Of<float>([0, 3])]);
        yield return OperatorProblem.Of("scalar", OpType, opsets[^1], [ProblemData.Of([], 0.75f)]);
    }
}

internal sealed class ExpProblems() : FunctionProblems("Exp", [1, 6, 13]);

internal sealed class LogProblems() : FunctionProblems("Log", [1, 6, 13]);

internal sealed class SqrtProblems() : FunctionProblems("Sqrt", [1, 6, 13]);

internal sealed class ReciprocalProblems() : FunctionProblems("Reciprocal", [1, 6, 13]);

internal sealed class SigmoidProblems() : FunctionProblems("Sigmoid", [1, 6, 13]);

internal sealed class TanhProblems() : FunctionProblems("Tanh", [1, 6, 13]);

internal sealed class ErfProblems() : FunctionProblems("Erf", [9, 13]);

internal sealed class GeluProblems() : FunctionProblems("Gelu", [20], ProblemData.Attribute("approximate", "tanh"))
{
    public override IEnumerable<OperatorProblem> All() => base.All().Append(OperatorProblem.Of("none", OpType, 20, [ProblemData.Normal(5, 40)], [ProblemData.Attribute("approximate", "none")], batchInput: 0));
}

internal sealed class FloorProblems() : FunctionProblems("Floor", [1, 6, 13]);

internal sealed class CeilProblems() : FunctionProblems("Ceil", [1, 6, 13]);

internal sealed class RoundProblems() : FunctionProblems("Round", [11, 22]);

internal sealed class SoftplusProblems() : FunctionProblems("Softplus", [1, 22]);

internal sealed class SoftsignProblems() : FunctionProblems("Softsign", [1, 22]);

internal sealed class EluProblems() : FunctionProblems("Elu", [1, 6, 22], ProblemData.Attribute("alpha", 0.3f));

internal sealed class SeluProblems() : FunctionProblems("Selu", [1, 6, 22], ProblemData.Attribute("gamma", 1.3f));

internal sealed class HardSigmoidProblems() : FunctionProblems("HardSigmoid", [1, 6, 22], ProblemData.Attribute("alpha", 0.4f), ProblemData.Attribute("beta", 0.1f));

internal sealed class HardSwishProblems() : FunctionProblems("HardSwish", [14, 22]);

internal sealed class ThresholdedReluProblems() : FunctionProblems("ThresholdedRelu", [10, 22], ProblemData.Attribute("alpha", 0.2f));

internal sealed class AbsProblems() : FunctionProblems("Abs", [1, 6, 13]);

internal sealed class NegProblems() : FunctionProblems("Neg", [1, 6, 13]);

internal sealed class SignProblems() : FunctionProblems("Sign", [9, 13]);
