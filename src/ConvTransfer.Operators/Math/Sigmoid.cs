namespace ConvTransfer.Operators.Math;

/// <summary>Y = 1 / (1 + e^-X).</summary>
/// <remarks>Source: ONNX Sigmoid-1, -6, -13; the versions differ in types only.</remarks>
internal sealed class Sigmoid() : FunctionOperator<Sigmoid.Of>("Sigmoid", [1, 6, 13])
{
    protected override string Slope(GradientContext g) => g.Node("Mul", [g.Output(), g.Node("Sub", [g.Scalar(1), g.Output()])]);

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => 1 / (1 + System.Math.Exp(-x));
    }
}
