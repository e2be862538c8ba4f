namespace ConvTransfer.Operators.Math;

/// <summary>Y = the square root of X; NaN below 0.</summary>
/// <remarks>Source: ONNX Sqrt-1, -6, -13; the versions differ in types only.</remarks>
internal sealed class Sqrt() : FunctionOperator<Sqrt.Of>("Sqrt", [1, 6, 13])
{
    protected override string Slope(GradientContext g) => g.Node("Div", [g.Scalar(0.5), g.Output()]);

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Sqrt(x);
    }
}
