using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = gamma · X where X > 0, otherwise gamma · alpha · (e^X - 1).</summary>
/// <remarks>Source: ONNX Selu-1, -6, -22; the versions differ in types only, but that version 1 has the defaults with four digits.</remarks>
internal sealed class Selu() : FunctionOperator<Selu.Of>("Selu", [1, 6, 22], Alpha, AlphaOf1, Gamma, GammaOf1)
{
    private static readonly FloatAttribute Alpha = new("alpha", 1.67326319217681884765625f) { Since = 6 };
    private static readonly FloatAttribute AlphaOf1 = new("alpha", 1.6732f) { Until = 5 };

    private static readonly FloatAttribute Gamma = new("gamma", 1.05070102214813232421875f) { Since = 6 };
    private static readonly FloatAttribute GammaOf1 = new("gamma", 1.0507f) { Until = 5 };

    protected override Of Function(NodeContext n) => n.Version < 6 ? new(n.Get(AlphaOf1), n.Get(GammaOf1)) : new(n.Get(Alpha), n.Get(Gamma));

    internal readonly struct Of(double alpha, double gamma) : IFunction
    {
        public double Apply(double x) => x <= 0 ? gamma * alpha * (System.Math.Exp(x) - 1) : gamma * x;
    }
}
