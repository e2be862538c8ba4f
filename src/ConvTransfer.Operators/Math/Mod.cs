using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>C = the remainder of A / B: with B's sign, or with attribute fmod with A's.</summary>
/// <remarks>Source: ONNX Mod-10, -13; 13 adds types only. Floating point numbers need fmod. An integer modulo 0 gives 0, which the standard leaves open.</remarks>
internal sealed class Mod() : BinaryOperator("Mod", [10, 13], new TypeVariable("T", TypeVariable.Numbers), result: null, Fmod)
{
    private static readonly IntAttribute Fmod = new("fmod");

    public override TensorType[] InferTypes(NodeContext n)
    {
        n.Require(n.Get(Fmod) is 0 or 1, $"attribute 'fmod' is {n.Get(Fmod)}, expected 0 or 1");
        n.Require(n.Get(Fmod) == 1 || !n.Input(0).ElementType.IsFloat(), $"the inputs are of type {n.Input(0).ElementType.OnnxName()}; floating point numbers need attribute 'fmod' = 1");
        return base.InferTypes(n);
    }

    // C = A − B · q with q = A / B cut towards 0, which does not change beside the jumps. A − C is B · q, so that the quotient is q but for its rounding.
    public override void Gradient(GradientContext g)
    {
        if (g.IsWanted(0)) g.AccumulateSpread(0, g.Gradient);
        if (!g.IsWanted(1)) return;
        string q = g.Node("Round", [g.Node("Div", [g.Node("Sub", [g.Input(0), g.Output()]), g.Input(1)])]);
        g.AccumulateSpread(1, g.Node("Neg", [g.Node("Mul", [g.Gradient, q])]));
    }

    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) =>
        n.Get(Fmod) == 1 ? new BinaryLoop<T, T, T, TruncatedModulusFunction<T>>(geometry) : new BinaryLoop<T, T, T, FloorModulusFunction<T>>(geometry);
}
