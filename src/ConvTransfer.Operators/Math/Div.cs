using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A / B.</summary>
/// <remarks>Source: ONNX Div-1, -6, -7, -13, -14; before 7 operands are spread as <see cref="LegacyAxis"/> says. Integers are cut towards zero; an integer divided by 0 gives 0, which the standard leaves open.</remarks>
internal sealed class Div() : ArithmeticOperator("Div")
{
    public override void Gradient(GradientContext g)
    {
        string part = g.Node("Div", [g.Gradient, g.Input(1)]);
        if (g.IsWanted(0)) g.AccumulateSpread(0, part);
        if (g.IsWanted(1)) g.AccumulateSpread(1, g.Node("Neg", [g.Node("Mul", [part, g.Output()])]));
    }

    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<T, T, T, DivideFunction<T>>(geometry);

    protected override ElementLoop Vectors(SpreadGeometry geometry, VectorWidth width) => new VectorBinaryLoop<DivideFunction<float>>(geometry, width);
}
