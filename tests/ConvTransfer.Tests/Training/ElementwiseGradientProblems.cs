using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

internal sealed class ExpGradientProblems() : UnaryGradientProblems("Exp");

internal sealed class LogGradientProblems() : UnaryGradientProblems("Log", 0.3, 3);

internal sealed class SqrtGradientProblems() : UnaryGradientProblems("Sqrt", 0.3, 3);

internal sealed class ReciprocalGradientProblems() : UnaryGradientProblems("Reciprocal", 0.5, 3);

internal sealed class SigmoidGradientProblems() : UnaryGradientProblems("Sigmoid", -6, 6);

internal sealed class TanhGradientProblems() : UnaryGradientProblems("Tanh", -3, 3);

internal sealed class ErfGradientProblems() : UnaryGradientProblems("Erf", -3, 3);

internal sealed class GeluGradientProblems : GradientProblems
{
    public override string OpType => "Gelu";

    protected override long Opset => 20;

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Uniform(-4, 4, random.Shape(0, 4))], ProblemData.Attribute("approximate", random.One("none", "tanh")));
}

internal sealed class SoftplusGradientProblems() : UnaryGradientProblems("Softplus", -6, 6);

internal sealed class SoftsignGradientProblems() : UnaryGradientProblems("Softsign", -4, 4);

internal sealed class HardSwishGradientProblems() : UnaryGradientProblems("HardSwish", -5, 5);

internal sealed class FloorGradientProblems() : UnaryGradientProblems("Floor");

internal sealed class CeilGradientProblems() : UnaryGradientProblems("Ceil");

internal sealed class RoundGradientProblems() : UnaryGradientProblems("Round");

internal sealed class SignGradientProblems() : UnaryGradientProblems("Sign");

internal sealed class AbsGradientProblems() : UnaryGradientProblems("Abs");

internal abstract class FactorGradientProblems(string op, string attribute, float one, float other) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Uniform(-3, 3, random.Shape(0, 4, 6))], ProblemData.Attribute(attribute, random.One(one, other)));
}

internal sealed class EluGradientProblems() : FactorGradientProblems("Elu", "alpha", 1, 0.3f);

internal sealed class SeluGradientProblems() : FactorGradientProblems("Selu", "gamma", 1.05f, 2);

internal sealed class HardSigmoidGradientProblems() : FactorGradientProblems("HardSigmoid", "alpha", 0.2f, 0.5f);

internal sealed class ThresholdedReluGradientProblems() : FactorGradientProblems("ThresholdedRelu", "alpha", 1, -0.5f);

internal sealed class LeakyReluGradientProblems() : FactorGradientProblems("LeakyRelu", "alpha", 0.01f, 0.2f);

internal sealed class PReluGradientProblems : GradientProblems
{
    public override string OpType => "PRelu";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(0, 4);
        return Of([random.Normal(dims), random.Normal(random.SpreadOver(dims))]);
    }
}

internal sealed class PowGradientProblems() : BinaryGradientProblems("Pow")
{
    protected override ProblemInput Left(RandomShapes random, long[] dims) => random.Uniform(0.5, 2, dims);
}

internal sealed class WhereGradientProblems : GradientProblems
{
    public override string OpType => "Where";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(0, 4), chosen = random.SpreadOver(dims);
        bool[] condition = [.. Enumerable.Range(0, (int)chosen.Aggregate(1L, (a, b) => a * b)).Select(_ => random.Flip())];
        return Of([ProblemData.Of(chosen, condition), random.Normal(dims), random.Normal(random.SpreadOver(dims))]);
    }
}

internal abstract class VariadicGradientProblems(string op) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(0, 4);
        return Of([.. Enumerable.Range(0, random.Int(1, 4)).Select(i => random.Normal(i == 1 ? dims : random.SpreadOver(dims)))]);
    }
}

internal sealed class SumGradientProblems() : VariadicGradientProblems("Sum");

internal sealed class MeanGradientProblems() : VariadicGradientProblems("Mean");

internal sealed class MaxGradientProblems() : VariadicGradientProblems("Max");

internal sealed class MinGradientProblems() : VariadicGradientProblems("Min");
