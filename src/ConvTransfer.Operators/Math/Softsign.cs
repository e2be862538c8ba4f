namespace ConvTransfer.Operators.Math;

/// <summary>Y = X / (1 + |X|).</summary>
/// <remarks>Source: ONNX Softsign-1, -22; the versions differ in types only.</remarks>
internal sealed class Softsign() : FunctionOperator<Softsign.Of>("Softsign", [1, 22])
{
    protected override string Slope(GradientContext g)
    {
        string root = g.Node("Reciprocal", [g.Node("Add", [g.Scalar(1), g.Node("Abs", [g.Input(0)])])]);
        return g.Node("Mul", [root, root]);
    }

    internal readonly struct Of : IFunction
    {
        public double Apply(double x) => x / (1 + System.Math.Abs(x));
    }
}
