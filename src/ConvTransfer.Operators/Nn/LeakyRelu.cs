using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = X where X ≥ 0, otherwise alpha · X.</summary>
/// <remarks>Source: ONNX LeakyRelu-1, -6, -16; they differ in types and in consumed_inputs only.</remarks>
internal sealed class LeakyRelu : StageOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly FloatAttribute Alpha = new("alpha", 0.01f);

    public override OperatorSchema Schema { get; } = new("LeakyRelu", since: [1, 6, 16])
    {
        Inputs = [new("X", T)],
        Outputs = [new("Y", T)],
        Attributes = [Alpha, LegacyAxis.ConsumedInputs],
    };

    public override OperatorRole Role => OperatorRole.Activation;

    public override TensorType[] InferTypes(NodeContext n) => [n.Input(0)];

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAttributes.Without(base.Lift(n, lift), lift, LegacyAxis.ConsumedInputs);

    public override void Gradient(GradientContext g)
    {
        string dy = g.Gradient;
        g.Accumulate(0, g.Node("Where", [g.Node("Less", [g.Input(0), g.Scalar(0)]), g.Node("Mul", [dy, g.Scalar(g.N.Get(Alpha))]), dy]));
    }

    protected override EpilogueStage? Stage(NodeContext n) => new(EpilogueKind.LeakyRelu) { Slope = n.Get(Alpha) };

    protected override PlainKernel Prepare(NodeContext n)
    {
        long count = n.InputShape(0).ElementCount;
        float alpha = n.Get(Alpha);
        return new LoopKernel(n.Input(0).ElementType switch
        {
            ElementType.Float64 => new UnaryLoop<double, double, Of<double>>(count, new(alpha)),
            ElementType.Float16 => new UnaryLoop<Half, Half, Of<Half>>(count, new(alpha)),
            _ => new UnaryLoop<float, float, Of<float>>(count, new(alpha)),
        });
    }

    // The product in double is exact for narrower types and rounded once.
    private readonly struct Of<TElement>(double slope) : IUnary<TElement, TElement> where TElement : System.Numerics.INumber<TElement>
    {
        private readonly double _slope = slope;

        public TElement Apply(TElement x) => x < TElement.Zero ? TElement.CreateTruncating(double.CreateTruncating(x) * _slope) : x;
    }
}
