using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = alpha · X + beta, held between 0 and 1.</summary>
/// <remarks>Source: ONNX HardSigmoid-1, -6, -22; the versions differ in types only.</remarks>
internal sealed class HardSigmoid() : FunctionOperator<HardSigmoid.Of>("HardSigmoid", [1, 6, 22], Alpha, Beta)
{
    private static readonly FloatAttribute Alpha = new("alpha", 0.2f);

    private static readonly FloatAttribute Beta = new("beta", 0.5f);

    protected override Of Function(NodeContext n) => new(n.Get(Alpha), n.Get(Beta));

    protected override string Slope(GradientContext g)
    {
        string inside = g.Node("And", [g.Node("Greater", [g.Output(), g.Scalar(0)]), g.Node("Less", [g.Output(), g.Scalar(1)])]);
        return g.Node("Where", [inside, g.Scalar(g.N.Get(Alpha)), g.Scalar(0)]);
    }

    internal readonly struct Of(double alpha, double beta) : IFunction
    {
        public double Apply(double x) => double.Clamp((alpha * x) + beta, 0, 1);
    }
}
