namespace ConvTransfer.Operators.Math;

/// <summary>Y = the least whole number not below X.</summary>
/// <remarks>Source: ONNX Ceil-1, -6, -13; the versions differ in types only. The derivative is 0 wherever it exists.</remarks>
internal sealed class Ceil() : FunctionOperator<Ceil.Of>("Ceil", [1, 6, 13])
{
    protected override string? Slope(GradientContext g) => null;

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Ceiling(x);
    }
}
