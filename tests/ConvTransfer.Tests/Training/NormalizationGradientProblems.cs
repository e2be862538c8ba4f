using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

internal sealed class LayerNormalizationGradientProblems : GradientProblems
{
    public override string OpType => "LayerNormalization";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = [.. random.Shape(0, 3), random.Int(2, 6)];
        int axis = random.Int(0, dims.Length - 1);
        long[] scale = random.Flip() ? dims[axis..] : random.SpreadOver(dims), shift = random.Flip() ? dims[axis..] : random.SpreadOver(dims);
        return Of([random.Around(100, dims), random.Normal(scale), random.Flip() ? random.Normal(shift) : null],
            ProblemData.Attribute("axis", random.Flip() ? axis : axis - dims.Length), ProblemData.Attribute("epsilon", random.One(0.1f, 0.01f)));
    }
}

internal sealed class GroupNormalizationGradientProblems : GradientProblems
{
    public override string OpType => "GroupNormalization";

    // A scale for each group in opset 18, for each channel in 21.
    public override OperatorProblem Draw(RandomShapes random)
    {
        long groups = random.Int(1, 3), channels = groups * random.Int(1, 3), opset = random.One(18, 21), scales = opset == 18 ? groups : channels;
        var problem = Of([random.Around(100, [random.Int(1, 3), channels, .. random.Shape(0, 3, 4)]), random.Normal(scales), random.Normal(scales)],
            ProblemData.Attribute("num_groups", groups), ProblemData.Attribute("epsilon", random.One(0.1f, 0.01f)));
        return problem with { Opset = opset };
    }
}
