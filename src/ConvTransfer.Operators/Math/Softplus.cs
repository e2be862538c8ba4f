namespace ConvTransfer.Operators.Math;

/// <summary>Y = ln(1 + e^X), written so that it does not overflow.</summary>
/// <remarks>Source: ONNX Softplus-1, -22; the versions differ in types only.</remarks>
internal sealed class Softplus() : FunctionOperator<Softplus.Of>("Softplus", [1, 22])
{
    protected override string Slope(GradientContext g) => g.Node("Sigmoid", [g.Input(0)]);

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Max(x, 0) + System.Math.Log(1 + System.Math.Exp(-System.Math.Abs(x)));
    }
}
