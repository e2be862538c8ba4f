using ConvTransfer.Graphs;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

internal sealed class ConcatGradientProblems : GradientProblems
{
    public override string OpType => "Concat";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4);
        int axis = random.Int(0, dims.Length - 1);
        var parts = Enumerable.Range(0, random.Int(1, 4)).Select(_ => random.Normal([.. dims.Select((d, i) => i == axis ? random.Int(1, 4) : d)]));
        return Of([.. parts], ProblemData.Attribute("axis", random.Flip() ? axis : axis - dims.Length));
    }
}

internal sealed class TransposeGradientProblems : GradientProblems
{
    public override string OpType => "Transpose";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4);
        NodeAttribute[] perm = random.Flip() ? [ProblemData.List("perm", random.Permutation(dims.Length))] : [];
        return Of([random.Normal(dims)], perm);
    }
}

internal sealed class IdentityGradientProblems : GradientProblems
{
    public override string OpType => "Identity";

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal(random.Shape(0, 4))]);
}

internal sealed class DropoutGradientProblems : GradientProblems
{
    public override string OpType => "Dropout";

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal(random.Shape(0, 4))]);
}

internal sealed class FlattenGradientProblems : GradientProblems
{
    public override string OpType => "Flatten";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4);
        return Of([random.Normal(dims)], ProblemData.Attribute("axis", random.Int(-dims.Length, dims.Length)));
    }
}

internal sealed class ReshapeGradientProblems : GradientProblems
{
    public override string OpType => "Reshape";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4);
        return Of([random.Normal(dims), ProblemData.Ints(random.One<long[]>([-1], [0, -1], [1, -1, 1, dims[0]]))]);
    }
}

internal sealed class SqueezeGradientProblems : GradientProblems
{
    public override string OpType => "Squeeze";

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal([1, .. random.Shape(0, 3), 1]), random.Flip() ? ProblemData.Ints(random.Flip() ? 0 : -1) : null]);
}

internal sealed class UnsqueezeGradientProblems : GradientProblems
{
    public override string OpType => "Unsqueeze";

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal(random.Shape(0, 3)), ProblemData.Ints(random.One<long[]>([0], [-1], [0, -1]))]);
}
