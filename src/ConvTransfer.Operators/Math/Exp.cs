namespace ConvTransfer.Operators.Math;

/// <summary>Y = e to the power of X.</summary>
/// <remarks>Source: ONNX Exp-1, -6, -13; the versions differ in types only.</remarks>
internal sealed class Exp() : FunctionOperator<Exp.Of>("Exp", [1, 6, 13])
{
    protected override string Slope(GradientContext g) => g.Output();

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => System.Math.Exp(x);
    }
}
