using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = X where X > alpha, otherwise 0.</summary>
/// <remarks>Source: ONNX ThresholdedRelu-10, -22; the versions differ in types only.</remarks>
internal sealed class ThresholdedRelu() : FunctionOperator<ThresholdedRelu.Of>("ThresholdedRelu", [10, 22], Alpha)
{
    private static readonly FloatAttribute Alpha = new("alpha", 1);

    protected override Of Function(NodeContext n) => new(n.Get(Alpha));

    protected override string Slope(GradientContext g) => g.Node("CastLike", [g.Node("Greater", [g.Input(0), g.Scalar(g.N.Get(Alpha))]), g.Input(0)]);

    internal readonly struct Of(double alpha) : IFunction
    {
        public double Apply(double x) => x > alpha || double.IsNaN(x) ? x : 0;
    }
}
