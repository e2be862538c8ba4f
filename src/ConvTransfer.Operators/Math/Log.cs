namespace ConvTransfer.Operators.Math;

/// <summary>Y = the natural logarithm of X.</summary>
/// <remarks>Source: ONNX Log-1, -6, -13; the versions differ in types only.</remarks>
internal sealed class Log() : FunctionOperator<Log.Of>("Log", [1, 6, 13])
{
    protected override string Slope(GradientContext g) => g.Node("Reciprocal", [g.Input(0)]);

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Log(x);
    }
}
