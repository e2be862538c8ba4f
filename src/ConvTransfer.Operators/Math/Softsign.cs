namespace ConvTransfer.Operators.Math;

/// <summary>Y = X / (1 + |X|).</summary>
/// <remarks>Source: ONNX Softsign-1, -22; the versions differ in types only.</remarks>
internal sealed class Softsign() : FunctionOperator<Softsign.Of>("Softsign", [1, 22])
{
    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => x / (1 + System.Math.Abs(x));
    }
}
