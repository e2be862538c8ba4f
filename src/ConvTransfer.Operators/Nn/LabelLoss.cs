using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: for every label − log p(label) · weight(label), where the input holds log p, or scores whose softmax is p; all of them, their sum, or their mean weighted in the same way.</summary>
/// <remarks>
/// Source: ONNX NegativeLogLikelihoodLoss-12, -13, -22 and SoftmaxCrossEntropyLoss-12, -13; the versions differ in types only.
/// The label ignore_index has loss and weight 0 and need not be a class; any other label that is none is refused: while planning where it is constant, else when it is met.
/// </remarks>
internal sealed class LabelLoss(bool ofScores) : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly TypeVariable Labels = new("Tind", TypeVariable.Indices);

    public override OperatorSchema Schema { get; } = ofScores
        ? new("SoftmaxCrossEntropyLoss", since: [12, 13])
        {
            Inputs = [new("scores", T), new("labels", Labels), new("weights", T, Presence.Optional)],
            Outputs = [new("output", T), new("log_prob", T, Presence.Optional)],
            Attributes = [LabelLossInputs.IgnoreIndex, LabelLossInputs.Reduction],
        }
        : new("NegativeLogLikelihoodLoss", since: [12, 13, 22])
        {
            Inputs = [new("input", T), new("target", Labels), new("weight", T, Presence.Optional)],
            Outputs = [new("loss", T)],
            Attributes = [LabelLossInputs.IgnoreIndex, LabelLossInputs.Reduction],
        };

    public override bool ChecksElements => true;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        var labels = LabelLossInputs.Check(n, 0);
        if (x[1].IsKnown && n.ConstantIntegers(1) is { } known)
        {
            long? ignored = LabelLossInputs.Ignored(n);
            foreach (long label in known)
                if (label != ignored && (label < 0 || label >= x[1].Value)) throw n.Invalid(LabelCheck.Message(label, x[1].Value));
        }
        TensorType loss = new(x.ElementType, n.Get(LabelLossInputs.Reduction) == "none" ? labels : []), logarithms = x;
        return [.. new[] { loss, logarithms }.Take(n.OutputCount)];
    }

    public override void Gradient(GradientContext g)
    {
        if (g.IsWanted(2)) throw g.N.Unsupported("the weights of classes are not trained by gradients");
        if (!g.IsWanted(0)) return;
        if (g.OutputGradient(0) is { } dy) g.Accumulate(0, LabelLossGradient.Emit(g, dy, ofScores));
        // log p itself, as any log-softmax: d − p · Σ d.
        if (g.OutputGradient(1) is not { } d) return;
        string total = g.Node("ReduceSum", [d, g.Integers(1)]);
        g.Accumulate(0, g.Node("Sub", [d, g.Node("Mul", [g.Node("Exp", [g.Output(1)]), total])]));
    }

    protected override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(new(n.Node.DisplayName, n.Label, LabelLossInputs.Geometry(n, 0, ofScores))));

    private readonly struct Maker(LabelCheck check) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement> => new Kernel<TElement>(new(check.Geometry), check);
    }

    private sealed unsafe class Kernel<TElement>(LabelLoss<TElement> work, LabelCheck check) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override long ScratchBytes(int crew) => work.ScratchBytes;

        public override void Run(in PlainRun run)
        {
            check.All(run.Input<byte>(1));
            work.Run(run.Input<TElement>(0), run.Input<byte>(1), run.Input<TElement>(2), run.Output<TElement>(0), run.Output<TElement>(1), run.Scratch, run.Crew);
        }
    }
}
