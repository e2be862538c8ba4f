namespace ConvTransfer.Operators.Math;

/// <summary>Y = the hyperbolic tangent of X.</summary>
/// <remarks>Source: ONNX Tanh-1, -6, -13; the versions differ in types only.</remarks>
internal sealed class Tanh() : FunctionOperator<Tanh.Of>("Tanh", [1, 6, 13])
{
    protected override string Slope(GradientContext g) => g.Node("Sub", [g.Scalar(1), g.Node("Mul", [g.Output(), g.Output()])]);

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Tanh(x);
    }
}
