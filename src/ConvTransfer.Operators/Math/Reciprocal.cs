namespace ConvTransfer.Operators.Math;

/// <summary>Y = 1 / X.</summary>
/// <remarks>Source: ONNX Reciprocal-1, -6, -13; the versions differ in types only.</remarks>
internal sealed class Reciprocal() : FunctionOperator<Reciprocal.Of>("Reciprocal", [1, 6, 13])
{
    protected override string Slope(GradientContext g) => g.Node("Neg", [g.Node("Mul", [g.Output(), g.Output()])]);

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => 1 / x;
    }
}
