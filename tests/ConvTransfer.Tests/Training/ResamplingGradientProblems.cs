using ConvTransfer.Graphs;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

internal sealed class SliceGradientProblems : GradientProblems
{
    public override string OpType => "Slice";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4, 7), axes = random.Axes(dims.Length, 1), steps = [.. axes.Select(_ => random.One(1L, 1, 2, 3, -1, -2))];
        long[] lengths = [.. axes.Select(a => dims[a < 0 ? a + dims.Length : a])], starts = [.. lengths.Select((d, i) => (long)(steps[i] > 0 ? random.Int(0, (int)d / 2) : d - 1))];
        long[] ends = [.. lengths.Select((d, i) => steps[i] > 0 ? random.Int((int)starts[i] + 1, (int)d + 2) : random.One(-1000L, -d - 1))];
        return Of([random.Normal(dims), ProblemData.Ints(starts), ProblemData.Ints(ends), ProblemData.Ints(axes), ProblemData.Ints(steps)]);
    }
}

internal sealed class PadGradientProblems : GradientProblems
{
    public override string OpType => "Pad";

    protected override long Opset => 19;

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = [.. random.Shape(1, 4).Select(d => d + 2)], pads = [.. dims.Concat(dims).Select(_ => (long)random.Int(-1, 4))];
        string mode = random.One("constant", "reflect", "edge", "wrap");
        return Of([random.Normal(dims), ProblemData.Ints(pads), mode == "constant" && random.Flip() ? random.Normal() : null], ProblemData.Attribute("mode", mode));
    }
}

internal sealed class GatherGradientProblems : GradientProblems
{
    public override string OpType => "Gather";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4), shape = random.Shape(0, 2, 4);
        int axis = random.Int(0, dims.Length - 1), length = (int)dims[axis];
        long[] indices = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (long)random.Int(-length, length - 1))];
        return Of([random.Normal(dims), random.Flip() ? ProblemData.Of(shape, indices) : ProblemData.Of(shape, Array.ConvertAll(indices, i => (int)i))], ProblemData.Attribute("axis", axis));
    }
}

internal sealed class GatherElementsGradientProblems : GradientProblems
{
    public override string OpType => "GatherElements";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4), shape = [.. dims.Select(d => (long)random.Int(1, (int)d))];
        int axis = random.Int(0, dims.Length - 1), length = (int)dims[axis];
        shape[axis] = random.Int(1, 6);
        long[] indices = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (long)random.Int(-length, length - 1))];
        return Of([random.Normal(dims), random.Flip() ? ProblemData.Of(shape, indices) : ProblemData.Of(shape, Array.ConvertAll(indices, i => (int)i))], ProblemData.Attribute("axis", random.Flip() ? axis : axis - dims.Length));
    }
}

internal sealed class GatherNDGradientProblems : GradientProblems
{
    public override string OpType => "GatherND";

    // Tuples that name an element or a block, counted from either end, and often the same one twice.
    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4);
        int batch = random.Int(0, dims.Length - 1), tuple = random.Int(1, dims.Length - batch);
        long[] shape = [.. dims.Take(batch), .. random.Shape(0, 2, 4), tuple];
        long[] indices = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => dims[batch + (i % tuple)]).Select(d => (long)random.Int(-(int)d, (int)d - 1))];
        return Of([random.Normal(dims), random.Flip() ? ProblemData.Of(shape, indices) : ProblemData.Of(shape, indices).AsConstant()], ProblemData.Attribute("batch_dims", batch));
    }
}

internal sealed class TopKGradientProblems : GradientProblems
{
    public override string OpType => "TopK";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = random.Shape(1, 4);
        int axis = random.Int(0, dims.Length - 1);
        return Of([random.Normal(dims), ProblemData.Ints(random.Int(1, (int)dims[axis]))], 2, ProblemData.Attribute("axis", random.Flip() ? axis : axis - dims.Length), ProblemData.Attribute("largest", random.Int(0, 1)));
    }
}

internal sealed class ResizeGradientProblems : GradientProblems
{
    public override string OpType => "Resize";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = [random.Int(1, 2), random.Int(1, 3), random.Int(1, 6), random.Int(1, 6)];
        string mode = random.One("nearest", "linear", "linear", "cubic"), coordinates = random.One("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel");
        NodeAttribute[] attributes = [ProblemData.Attribute("mode", mode), ProblemData.Attribute("coordinate_transformation_mode", coordinates), ProblemData.Attribute("antialias", mode == "nearest" ? 0 : random.Int(0, 1))];
        if (random.Flip()) return Of([random.Normal(dims), null, null, ProblemData.Ints(dims[0], dims[1], random.Int(1, 9), random.Int(1, 9))], attributes);
        return Of([random.Normal(dims), null, ProblemData.Of([4], 1f, 1f, random.One(2f, 1f, 3f, 1.5f), random.One(2f, 1f, 2.5f)).AsConstant()], attributes);
    }
}

internal sealed class InstanceNormalizationGradientProblems : GradientProblems
{
    public override string OpType => "InstanceNormalization";

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = [random.Int(1, 3), random.Int(1, 3), random.Int(2, 5), .. random.Shape(0, 2)];
        return Of([random.Around(100, dims), random.Normal(dims[1]), random.Normal(dims[1])], ProblemData.Attribute("epsilon", random.One(0.1f, 0.01f)));
    }
}

internal sealed class LRNGradientProblems : GradientProblems
{
    public override string OpType => "LRN";

    public override OperatorProblem Draw(RandomShapes random) => Of([random.Normal([random.Int(1, 3), random.Int(1, 7), .. random.Shape(0, 2, 4)])],
        ProblemData.Attribute("size", random.Int(1, 5)), ProblemData.Attribute("alpha", random.One(0.1f, 1f)), ProblemData.Attribute("beta", random.One(0.75f, 0.5f)), ProblemData.Attribute("bias", random.One(1f, 2f)));
}
