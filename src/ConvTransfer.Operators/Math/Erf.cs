using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = the error function of X, 2 / √π · ∫ from 0 to X of e^(−t²).</summary>
/// <remarks>Source: ONNX Erf-9, -13; the versions differ in types only. Integers, which the standard allows too, are not supported.</remarks>
internal sealed class Erf() : FunctionOperator<Erf.Of>("Erf", [9, 13])
{
    protected override ElementType[] UnsupportedTypes => TypeVariable.Integers;

    protected override string Slope(GradientContext g) =>
        g.Node("Mul", [g.Node("Exp", [g.Node("Neg", [g.Node("Mul", [g.Input(0), g.Input(0)])])]), g.Scalar(2 / System.Math.Sqrt(System.Math.PI))]);

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => ErrorFunction.Of(x);
    }
}
