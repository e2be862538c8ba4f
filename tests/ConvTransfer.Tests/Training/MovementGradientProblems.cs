using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

internal sealed class SplitGradientProblems : GradientProblems
{
    public override string OpType => "Split";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4), parts = [.. Enumerable.Range(0, random.Int(1, 4)).Select(_ => (long)random.Int(1, 3))];
        int axis = random.Int(0, dims.Length - 1);
        dims[axis] = parts.Sum();
        return Of([random.Normal(dims), ProblemData.Ints(parts)], parts.Length, ProblemData.Attribute("axis", random.Flip() ? axis : axis - dims.Length));
    }
}

internal sealed class ExpandGradientProblems : GradientProblems
{
    public override string OpType => "Expand";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(0, 4);
        return Of([random.Normal(random.SpreadOver(dims)), ProblemData.Ints(dims)]);
    }
}

internal sealed class TileGradientProblems : GradientProblems
{
    public override string OpType => "Tile";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4, 4);
        return Of([random.Normal(dims), ProblemData.Ints([.. dims.Select(_ => (long)random.Int(1, 3))])]);
    }
}

internal sealed class DepthToSpaceGradientProblems : GradientProblems
{
    public override string OpType => "DepthToSpace";

    public override OperatorProblem Draw(RandomShapes random)
    {
        int block = random.Int(1, 3);
        return Of([random.Normal(random.Int(1, 2), random.Int(1, 3) * block * block, random.Int(1, 3), random.Int(1, 3))], ProblemData.Attribute("blocksize", block), ProblemData.Attribute("mode", random.One("DCR", "CRD")));
    }
}

internal sealed class SpaceToDepthGradientProblems : GradientProblems
{
    public override string OpType => "SpaceToDepth";

    public override OperatorProblem Draw(RandomShapes random)
    {
        int block = random.Int(1, 3);
        return Of([random.Normal(random.Int(1, 2), random.Int(1, 3), random.Int(1, 3) * block, random.Int(1, 3) * block)], ProblemData.Attribute("blocksize", block));
    }
}

internal sealed class CastLikeGradientProblems : GradientProblems
{
    public override string OpType => "CastLike";

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal(random.Shape(0, 4)), random.Normal(1)]);
}
