namespace ConvTransfer.Operators.Math;

/// <summary>Y = X · max(0, min(1, X / 6 + 1 / 2)).</summary>
/// <remarks>Source: ONNX HardSwish-14, -22; the versions differ in types only.</remarks>
internal sealed class HardSwish() : FunctionOperator<HardSwish.Of>("HardSwish", [14, 22])
{
    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => x * double.Clamp((x / 6) + 0.5, 0, 1);
    }
}
