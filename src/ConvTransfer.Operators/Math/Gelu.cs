using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = X · Φ(X), where Φ(x) = (1 + erf(x / √2)) / 2 is the normal distribution, or with approximate "tanh" (1 + tanh(√(2 / π) · (x + 0.044715 · x³))) / 2.</summary>
/// <remarks>Source: ONNX Gelu-20; Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.</remarks>
internal sealed class Gelu() : FunctionOperator<Gelu.Of>("Gelu", [20], Approximate)
{
    private const double Cubic = 0.044715, Farthest = 40;

    private static readonly double RootTwoOverPi = System.Math.Sqrt(2 / System.Math.PI);
    private static readonly StringAttribute Approximate = new("approximate", "none", "none", "tanh");

    protected override Of Function(NodeContext n) => new(n.Get(Approximate) == "tanh");

    // With Φ = (1 + t) / 2 the slope is (1 + t + x · dt/dx) / 2.
    protected override string Slope(GradientContext g)
    {
        // Beyond this many deviations Φ is 0 or 1 to the last bit; squares and cubes of larger numbers would be infinite, and infinity times a derivative of 0 no number.
        string x = g.Node("Clip", [g.Input(0), g.Scalar(-Farthest), g.Scalar(Farthest)]), one = g.Scalar(1);
        string Times(string a, string b) => g.Node("Mul", [a, b]);
        string square = Times(x, x), t, dt;
        if (g.N.Get(Approximate) == "tanh")
        {
            t = g.Node("Tanh", [Times(Times(x, g.Node("Add", [one, Times(square, g.Scalar(Cubic))])), g.Scalar(RootTwoOverPi))]);
            string inner = Times(g.Node("Add", [one, Times(square, g.Scalar(3 * Cubic))]), g.Scalar(RootTwoOverPi));
            dt = Times(g.Node("Sub", [one, Times(t, t)]), inner);
        }
        else
        {
            t = g.Node("Erf", [Times(x, g.Scalar(System.Math.Sqrt(0.5)))]);
            dt = Times(g.Node("Exp", [Times(square, g.Scalar(-0.5))]), g.Scalar(RootTwoOverPi));
        }
        return Times(g.Node("Add", [g.Node("Add", [one, t]), Times(x, dt)]), g.Scalar(0.5));
    }

    internal readonly struct Of(bool approximates) : IFunction
    {
        public double Apply(double x) => 0.5 * x * (1 + (approximates ? System.Math.Tanh(RootTwoOverPi * (x + (Cubic * x * x * x))) : ErrorFunction.Of(x * System.Math.Sqrt(0.5))));
    }
}
