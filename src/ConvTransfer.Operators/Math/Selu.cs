using ConvTransfer.Graphs;
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

    // The defaults changed with version 6: what a node of version 1 leaves out must be said.
    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        var nodes = base.Lift(n, lift);
        if (n.Version >= 6 || lift.TargetOpset < 6) return nodes;
        NodeAttribute Given(FloatAttribute attribute) => new(attribute.Name, new AttributeValue.Float(n.Get(attribute)));
        return [nodes[0] with { Attributes = [Given(AlphaOf1), Given(GammaOf1)] }];
    }

    protected override string Slope(GradientContext g)
    {
        double alpha = g.N.Get(Alpha), gamma = g.N.Get(Gamma);
        return g.Node("Where", [g.Node("Greater", [g.Input(0), g.Scalar(0)]), g.Scalar(gamma), g.Node("Add", [g.Output(), g.Scalar(gamma * alpha)])]);
    }

    internal readonly struct Of(double alpha, double gamma) : IFunction
    {
        public double Apply(double x) => x <= 0 ? gamma * alpha * (System.Math.Exp(x) - 1) : gamma * x;
    }
}
