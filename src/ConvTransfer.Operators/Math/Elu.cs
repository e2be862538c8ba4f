using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = X where X ≥ 0, otherwise alpha · (e^X - 1).</summary>
/// <remarks>Source: ONNX Elu-1, -6, -22; the versions differ in types only.</remarks>
internal sealed class Elu() : FunctionOperator<Elu.Of>("Elu", [1, 6, 22], Alpha)
{
    private static readonly FloatAttribute Alpha = new("alpha", 1);

    protected override Of Function(NodeContext n) => new(n.Get(Alpha));

    protected override string Slope(GradientContext g) => g.Node("Where", [g.Node("Less", [g.Input(0), g.Scalar(0)]), g.Node("Add", [g.Output(), g.Scalar(g.N.Get(Alpha))]), g.Scalar(1)]);

    internal readonly struct Of(double alpha) : IFunction
    {
        public double Apply(double x) => x < 0 ? alpha * (System.Math.Exp(x) - 1) : x;
    }
}
