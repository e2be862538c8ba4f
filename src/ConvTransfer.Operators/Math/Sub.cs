using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A - B.</summary>
/// <remarks>Source: ONNX Sub-1, -6, -7, -13, -14; before 7 operands are spread as <see cref="LegacyAxis"/> says. Integers wrap.</remarks>
internal sealed class Sub() : ArithmeticOperator("Sub")
{
    public override void Gradient(GradientContext g)
    {
        if (g.IsWanted(0)) g.AccumulateSpread(0, g.Gradient);
        if (g.IsWanted(1)) g.AccumulateSpread(1, g.Node("Neg", [g.Gradient]));
    }

    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<T, T, T, SubtractFunction<T>>(geometry);

    protected override ElementLoop Vectors(SpreadGeometry geometry, VectorWidth width) => new VectorBinaryLoop<SubtractFunction<float>>(geometry, width);
}
