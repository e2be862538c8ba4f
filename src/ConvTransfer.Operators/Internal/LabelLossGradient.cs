using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The gradient of a loss of labels by its input X: dX = dY · weight(label) · (softmax(X) − e) where X holds scores, dY · weight(label) · −e where it holds log p; e is 1 at the label, and for the mean all is divided by the sum of weights.</summary>
/// <remarks>Inputs: dY of the loss's shape, X [N, C, …], labels [N, …], weights [C]; output dX.</remarks>
internal sealed class LabelLossGradient : PlainOperator
{
    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);
    private static readonly IntAttribute OfScores = new("of_scores");

    public override OperatorSchema Schema { get; } = new("LabelLossGradient", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("X", T), new("labels", new("Tind", TypeVariable.Indices)), new("weights", T, Presence.Optional)],
        Outputs = [new("dX", T)],
        Attributes = [OfScores, LabelLossInputs.IgnoreIndex, LabelLossInputs.Reduction],
    };

    /// <summary>Emits one node for a loss.</summary>
    public static string Emit(GradientContext g, string dy, bool ofScores)
    {
        var attributes = g.N.Node.Attributes.Append(new NodeAttribute(OfScores.Name, new AttributeValue.Int(ofScores ? 1 : 0)));
        return g.InternalNode("LabelLossGradient", [dy, g.Input(0), g.Input(1), g.N.HasInput(2) ? g.Input(2) : ""], [.. attributes]);
    }

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType dy = n.Input(0), x = n.Input(1);
        var labels = LabelLossInputs.Check(n, 1);
        Dim[] expected = n.Get(LabelLossInputs.Reduction) == "none" ? [.. labels] : [];
        n.Require(dy.Rank == expected.Length && expected.Select((d, a) => d.MayEqual(dy[a])).All(fits => fits), $"dY is {dy}, expected the shape of the loss, [{string.Join(", ", expected)}]");
        return [x];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var check = new LabelCheck(n.Node.DisplayName, n.Label, LabelLossInputs.Geometry(n, 1, n.Get(OfScores) != 0));
        return n.Input(0).ElementType == ElementType.Float64 ? new Kernel<double>(new(check.Geometry), check) : new Kernel<float>(new(check.Geometry), check);
    }

    private sealed unsafe class Kernel<TElement>(LabelLossBackward<TElement> work, LabelCheck check) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run)
        {
            check.All(run.Input<byte>(2));
            work.Run(run.Input<TElement>(0), run.Input<TElement>(1), run.Input<byte>(2), run.Input<TElement>(3), run.Output<TElement>(0), run.Crew);
        }
    }
}
