using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

internal abstract class BinaryGradientProblems(string op) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] first = random.Shape(0, 4), second = random.SpreadOver(first);
        bool turned = random.Flip();
        return Of([Left(random, turned ? second : first), Right(random, turned ? first : second)]);
    }

    protected virtual ProblemInput Left(RandomShapes random, long[] dims) => random.Normal(dims);

    protected virtual ProblemInput Right(RandomShapes random, long[] dims) => random.Normal(dims);
}

internal abstract class UnaryGradientProblems(string op, double least = -2, double most = 2) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Uniform(least, most, random.Shape(0, 4, 6))]);
}

internal sealed class NegGradientProblems() : UnaryGradientProblems("Neg");

internal sealed class AddGradientProblems() : BinaryGradientProblems("Add");

internal sealed class SubGradientProblems() : BinaryGradientProblems("Sub");

internal sealed class MulGradientProblems() : BinaryGradientProblems("Mul");

internal sealed class DivGradientProblems() : BinaryGradientProblems("Div")
{
    protected override ProblemInput Right(RandomShapes random, long[] dims) => random.Uniform(0.5, 2, dims);
}

internal sealed class ModGradientProblems() : BinaryGradientProblems("Mod")
{
    public override OperatorProblem Draw(RandomShapes random)
    {
        var problem = base.Draw(random);
        return problem with { Node = problem.Node with { Attributes = [ProblemData.Attribute("fmod", 1)] } };
    }

    protected override ProblemInput Left(RandomShapes random, long[] dims) => random.Uniform(-5, 5, dims);

    protected override ProblemInput Right(RandomShapes random, long[] dims) => random.Flip() ? random.Uniform(0.5, 2, dims) : random.Uniform(-2, -0.5, dims);
}

internal sealed class GemmGradientProblems : GradientProblems
{
    public override string OpType => "Gemm";

    public override OperatorProblem Draw(RandomShapes random)
    {
        int m = random.Int(1, 5), k = random.Int(1, 20), n = random.Int(1, 5);
        bool transA = random.Flip(), transB = random.Flip();
        return Of([transA ? random.Normal(k, m) : random.Normal(m, k), transB ? random.Normal(n, k) : random.Normal(k, n), random.Flip() ? random.Normal(random.SpreadOver([m, n])) : null],
            ProblemData.Attribute("transA", transA ? 1 : 0), ProblemData.Attribute("transB", transB ? 1 : 0), ProblemData.Attribute("alpha", random.One(1f, 0.5f)), ProblemData.Attribute("beta", random.One(1f, 2f)));
    }
}

internal sealed class MatMulGradientProblems : GradientProblems
{
    public override string OpType => "MatMul";

    public override OperatorProblem Draw(RandomShapes random)
    {
        int k = random.Int(1, 6);
        long[] batch = random.Shape(0, 2, 3), spread = random.SpreadOver(batch);
        return random.Int(0, 4) switch
        {
            0 => Of([random.Normal(k), random.Normal([.. batch, k, random.Int(1, 4)])]),
            1 => Of([random.Normal([.. batch, random.Int(1, 4), k]), random.Normal(k)]),
            2 => Of([random.Normal(k), random.Normal(k)]),
            3 => Of([random.Normal([.. spread, random.Int(1, 4), k]), random.Normal([.. batch, k, random.Int(1, 4)])]),
            _ => Of([random.Normal([.. batch, random.Int(1, 4), k]), random.Normal([.. spread, k, random.Int(1, 4)])]),
        };
    }
}

internal abstract class ReductionGradientProblems(string op, bool axesAsInput) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(0, 4), axes = random.Axes(dims.Length, 0);
        return Of([Data(random, dims), axesAsInput && axes.Length > 0 ? ProblemData.Ints(axes) : null], ProblemData.Attribute("keepdims", random.Int(0, 1)), ProblemData.Attribute("noop_with_empty_axes", random.Int(0, 1)));
    }

    protected virtual ProblemInput Data(RandomShapes random, long[] dims) => random.Normal(dims);
}

internal sealed class ReduceSumGradientProblems() : ReductionGradientProblems("ReduceSum", true);

internal sealed class ReduceMeanGradientProblems() : ReductionGradientProblems("ReduceMean", true);

internal sealed class ReduceL1GradientProblems() : ReductionGradientProblems("ReduceL1", true);

internal sealed class ReduceL2GradientProblems() : ReductionGradientProblems("ReduceL2", true);

internal sealed class ReduceSumSquareGradientProblems() : ReductionGradientProblems("ReduceSumSquare", true);

internal sealed class ReduceLogSumGradientProblems() : ReductionGradientProblems("ReduceLogSum", true)
{
    protected override ProblemInput Data(RandomShapes random, long[] dims) => random.Uniform(0.5, 2, dims);
}

internal sealed class ReduceLogSumExpGradientProblems() : ReductionGradientProblems("ReduceLogSumExp", true);

internal sealed class ReduceProdGradientProblems() : ReductionGradientProblems("ReduceProd", true)
{
    // Beside one 0 the others' gradient is 0 and its own is not; beside two all are.
    protected override ProblemInput Data(RandomShapes random, long[] dims)
    {
        var data = random.Uniform(-2, 2, dims);
        using var tensor = data.Data.ToTensor();
        float[] values = tensor.AsSpan<float>().ToArray();
        for (int zeros = random.Int(0, 2); zeros > 0 && values.Length > 0; zeros--) values[random.Int(0, values.Length - 1)] = 0;
        return ProblemData.Of(dims, values);
    }
}

internal sealed class ReduceMaxGradientProblems() : ReductionGradientProblems("ReduceMax", true);

internal sealed class ReduceMinGradientProblems() : ReductionGradientProblems("ReduceMin", true);
