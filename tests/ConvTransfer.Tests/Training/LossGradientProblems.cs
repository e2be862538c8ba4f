using ConvTransfer.Graphs;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Training;

internal abstract class LabelLossGradientProblems(string op, int mostOutputs) : GradientProblems
{
    public override string OpType { get; } = op;

    public override OperatorProblem Draw(RandomShapes random)
    {
        long[] dims = [random.Int(1, 4), random.Int(1, 5), .. random.Shape(0, 2, 3)], rows = [dims[0], .. dims[2..]];
        // The first label always counts: a mean over none is no number.
        bool ignores = random.Flip();
        long[] labels = [.. Enumerable.Range(0, (int)rows.Aggregate(1L, (p, d) => p * d)).Select(i => ignores && i > 0 && random.Int(0, 3) == 0 ? -7L : random.Int(0, (int)dims[1] - 1))];
        NodeAttribute[] attributes = [ProblemData.Attribute("reduction", random.One("none", "sum", "mean")), .. ignores ? [ProblemData.Attribute("ignore_index", -7L)] : Array.Empty<NodeAttribute>()];
        return Of([random.Normal(dims), ProblemData.Of(rows, labels), random.Flip() ? random.Uniform(0.5, 2, dims[1]).AsConstant() : null], random.Int(1, mostOutputs), attributes);
    }
}

internal sealed class NegativeLogLikelihoodLossGradientProblems() : LabelLossGradientProblems("NegativeLogLikelihoodLoss", 1);

internal sealed class SoftmaxCrossEntropyLossGradientProblems() : LabelLossGradientProblems("SoftmaxCrossEntropyLoss", 2);
