using ConvTransfer.Graphs;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

/// <summary>Where the window of a convolution or pool begins: given on each side, or by one of the rules.</summary>
internal static class Padding
{
    public static NodeAttribute Draw(RandomShapes random, long[] pads) => random.Int(0, 2) == 0 ? ProblemData.Attribute("auto_pad", random.One("SAME_UPPER", "SAME_LOWER", "VALID")) : ProblemData.Attribute("pads", pads);
}

internal sealed class ConvGradientProblems : GradientProblems
{
    public override string OpType => "Conv";

    public override OperatorProblem Draw(RandomShapes random)
    {
        int rank = random.One(1, 2, 2, 2, 3), group = random.One(1, 1, 2, 3), perGroup = random.Int(1, 3), filters = group * random.Int(1, 3);
        long[] kernel = [.. Enumerable.Range(0, rank).Select(_ => (long)random.Int(1, rank == 3 ? 2 : 3))], strides = [.. kernel.Select(_ => (long)random.Int(1, random.Int(0, 9) == 0 ? 12 : 3))], dilations = [.. kernel.Select(_ => (long)random.Int(1, 2))];
        long[] pads = [.. Enumerable.Range(0, 2 * rank).Select(_ => (long)random.Int(0, 2))];
        long[] spatial = [.. kernel.Select((k, a) => ((k - 1) * dilations[a]) + random.Int(1, rank == 3 ? 3 : 6))];
        return Of([random.Normal([random.Int(1, 3), group * perGroup, .. spatial]), random.Normal([filters, perGroup, .. kernel]), random.Flip() ? random.Normal(filters) : null],
            ProblemData.Attribute("group", group), ProblemData.Attribute("strides", strides), ProblemData.Attribute("dilations", dilations), Padding.Draw(random, pads));
    }
}

internal sealed class ConvTransposeGradientProblems : GradientProblems
{
    public override string OpType => "ConvTranspose";

    public override OperatorProblem Draw(RandomShapes random)
    {
        if (random.Int(0, 4) == 0) return Longer(random);
        int rank = random.One(1, 2, 2, 2, 3), group = random.One(1, 1, 2, 3), channels = group * random.Int(1, 3), perGroup = random.Int(1, 3);
        long[] kernel = [.. Enumerable.Range(0, rank).Select(_ => (long)random.Int(1, 3))], strides = [.. kernel.Select(_ => (long)random.Int(1, 3))], dilations = [.. kernel.Select(_ => (long)random.Int(1, 2))];
        long[] spatial = [.. kernel.Select(_ => (long)random.Int(1, rank == 3 ? 3 : 5))], more = [.. strides.Select((s, a) => (long)random.Int(0, (int)System.Math.Max(s, dilations[a]) - 1))];
        long[] full = [.. spatial.Select((d, a) => ((d - 1) * strides[a]) + ((kernel[a] - 1) * dilations[a]) + 1 + more[a])];
        NodeAttribute place = random.Int(0, 3) switch
        {
            0 => ProblemData.Attribute("auto_pad", random.One("SAME_UPPER", "SAME_LOWER", "VALID")),
            1 => ProblemData.List("output_shape", [.. full.Select(f => System.Math.Max(1, f + random.Int(-2, 2)))]),
            _ => ProblemData.List("pads", [.. full.Select(f => (long)random.Int(0, (int)System.Math.Min(2, f / 2))), .. full.Select(f => (long)random.Int(0, (int)System.Math.Min(2, (f - 1) / 2)))]),
        };
        return Of([random.Normal([random.Int(1, 3), channels, .. spatial]), random.Normal([channels, perGroup, .. kernel]), random.Flip() ? random.Normal(perGroup * group) : null],
            place, ProblemData.Attribute("group", group), ProblemData.List("strides", strides), ProblemData.List("dilations", dilations), ProblemData.List("output_padding", more));
    }

    // Windows of one tap that step from neighbour to neighbour, and a result that goes on behind them: no matrix product, though it looks like one.
    private OperatorProblem Longer(RandomShapes random)
    {
        int rank = random.Int(1, 3), group = random.One(1, 2), channels = group * random.Int(1, 3), perGroup = random.Int(1, 3);
        bool isSingle = random.Flip();
        long[] spatial = [.. Enumerable.Range(0, rank).Select(_ => isSingle ? 1L : random.Int(1, 4))], ones = [.. spatial.Select(_ => 1L)];
        NodeAttribute[] place = random.Int(0, 2) switch
        {
            0 when isSingle => [ProblemData.Attribute("auto_pad", random.One("SAME_UPPER", "SAME_LOWER")), ProblemData.List("strides", [.. spatial.Select(_ => (long)random.Int(1, 3))])],
            1 => [ProblemData.List("output_padding", [.. spatial.Select(_ => (long)random.Int(0, 1))]), ProblemData.List("dilations", [.. spatial.Select(_ => 2L)])],
            _ => [ProblemData.List("output_shape", [.. spatial.Select(d => d + random.Int(0, 2))])],
        };
        return Of([random.Normal([random.Int(1, 3), channels, .. spatial]), random.Normal([channels, perGroup, .. ones]), random.Flip() ? random.Normal(perGroup * group) : null],
            [ProblemData.Attribute("group", group), .. place]);
    }
}

internal abstract class PoolGradientProblems(string op) : GradientProblems
{
    public override string OpType { get; } = op;

    protected override long Opset => 22;

    protected virtual NodeAttribute[] More(RandomShapes random) => [];

    public override OperatorProblem Draw(RandomShapes random)
    {
        int rank = random.One(1, 2, 2, 3);
        long[] kernel = [.. Enumerable.Range(0, rank).Select(_ => (long)random.Int(1, 3))], strides = [.. kernel.Select(_ => (long)random.Int(1, 3))], dilations = [.. kernel.Select(_ => (long)random.Int(1, 2))];
        long[] pads = [.. Enumerable.Range(0, 2 * rank).Select(i => (long)random.Int(0, (int)((kernel[i % rank] - 1) * dilations[i % rank])))];
        long[] spatial = [.. kernel.Select((k, a) => ((k - 1) * dilations[a]) + random.Int(1, 5))];
        return Of([random.Normal([random.Int(1, 2), random.Int(1, 3), .. spatial])],
            [ProblemData.Attribute("kernel_shape", kernel), ProblemData.Attribute("strides", strides), ProblemData.Attribute("dilations", dilations), Padding.Draw(random, pads), ProblemData.Attribute("ceil_mode", random.Int(0, 1)), .. More(random)]);
    }
}

internal sealed class MaxPoolGradientProblems() : PoolGradientProblems("MaxPool");

internal sealed class AveragePoolGradientProblems() : PoolGradientProblems("AveragePool")
{
    protected override NodeAttribute[] More(RandomShapes random) => [ProblemData.Attribute("count_include_pad", random.Int(0, 1))];
}

internal abstract class GlobalPoolGradientProblems(string op) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal(random.Shape(3, 5))]);
}

internal sealed class GlobalAveragePoolGradientProblems() : GlobalPoolGradientProblems("GlobalAveragePool");

internal sealed class GlobalMaxPoolGradientProblems() : GlobalPoolGradientProblems("GlobalMaxPool");

internal sealed class ReluGradientProblems : GradientProblems
{
    public override string OpType => "Relu";

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal(random.Shape(0, 4, 7))]);
}

internal sealed class ClipGradientProblems : GradientProblems
{
    public override string OpType => "Clip";

    public override OperatorProblem Draw(RandomShapes random) =>
        Of([random.Normal(random.Shape(0, 4, 7)), random.Flip() ? random.Uniform(-1, -0.5).AsConstant() : null, random.Flip() ? random.Uniform(0.5, 1).AsConstant() : null]);
}

internal sealed class BatchNormalizationGradientProblems : GradientProblems
{
    public override string OpType => "BatchNormalization";

    // With the running statistics, or in training with the batch's; a vector is one channel.
    public override OperatorProblem Draw(RandomShapes random)
    {
        bool trains = random.Flip();
        long[] dims = trains ? [random.Int(2, 4), .. random.Shape(0, 3, 4)] : random.Shape(1, 5, 6);
        long c = dims.Length == 1 ? 1 : dims[1];
        var problem = Of([random.Around(10, dims), random.Normal(c), random.Normal(c), random.Normal(c).AsConstant(), random.Uniform(0.1, 2, c).AsConstant()], outputs: trains ? random.Int(1, 3) : 1,
            ProblemData.Attribute("epsilon", trains ? 0.01f : random.One(1e-5f, 0.01f)), ProblemData.Attribute("training_mode", trains ? 1 : 0));
        // Scale and B, the statistics, or both in a type of their own.
        int wide = random.Int(0, 7);
        for (int i = 1; i < 5; i++)
            if ((wide & (i < 3 ? 1 : 2)) != 0 && wide < 4) problem.Inputs[i] = Wide(problem.Inputs[i]!);
        return problem with { Node = problem.Node with { Outputs = problem.Node.Outputs.Select((o, i) => i == 0 ? o : $"running{i}").ToValueList() } };
    }

    // float64, known while planning: what is given is of the type that is tried.
    private static ProblemInput Wide(ProblemInput input)
    {
        using var tensor = input.Data.ToTensor();
        return ProblemData.Of([.. tensor.Shape.Dims], Array.ConvertAll(tensor.AsSpan<float>().ToArray(), v => (double)v)).AsConstant();
    }
}

internal sealed class BatchStatisticsNormalizationGradientProblems : GradientProblems
{
    public override string OpType => "BatchStatisticsNormalization";

    public override string Domain => ConvTransfer.Operators.Internal.GradientOperators.Domain;

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = [random.Int(2, 4), random.Int(1, 4), .. random.Shape(0, 3)];
        var problem = Of([random.Around(10, dims), random.Normal(dims[1]), random.Normal(dims[1])], outputs: 3, ProblemData.Attribute("epsilon", 0.01f));
        return problem with { Node = problem.Node with { Outputs = ["y0", "mean", "variance"] } };
    }
}

internal abstract class SoftmaxGradientProblemsBase(string op) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4);
        return Of([random.Normal(dims)], ProblemData.Attribute("axis", random.Int(-dims.Length, dims.Length - 1)));
    }
}

internal sealed class SoftmaxGradientProblems() : SoftmaxGradientProblemsBase("Softmax");

internal sealed class LogSoftmaxGradientProblems() : SoftmaxGradientProblemsBase("LogSoftmax");
