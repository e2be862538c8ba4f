namespace ConvTransfer.Operators.Math;

/// <summary>Y = the nearest whole number, a half to the even one.</summary>
/// <remarks>Source: ONNX Round-11, -22; the versions differ in types only. The derivative is 0 wherever it exists.</remarks>
internal sealed class Round() : FunctionOperator<Round.Of>("Round", [11, 22])
{
    protected override string? Slope(GradientContext g) => null;

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Round(x, MidpointRounding.ToEven);
    }
}
