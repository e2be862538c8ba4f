namespace ConvTransfer.Operators.Math;

/// <summary>Y = the greatest whole number not above X.</summary>
/// <remarks>Source: ONNX Floor-1, -6, -13; the versions differ in types only. The derivative is 0 wherever it exists.</remarks>
internal sealed class Floor() : FunctionOperator<Floor.Of>("Floor", [1, 6, 13])
{
    protected override string? Slope(GradientContext g) => null;

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Floor(x);
    }
}
