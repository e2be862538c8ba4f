using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A · B.</summary>
/// <remarks>Source: ONNX Mul-1, -6, -7, -13, -14; before 7 operands are spread as <see cref="LegacyAxis"/> says. Integers wrap.</remarks>
internal sealed class Mul() : ArithmeticOperator("Mul")
{
    public override void Gradient(GradientContext g)
    {
        if (g.IsWanted(0)) g.AccumulateSpread(0, g.Node("Mul", [g.Gradient, g.Input(1)]));
        if (g.IsWanted(1)) g.AccumulateSpread(1, g.Node("Mul", [g.Gradient, g.Input(0)]));
    }

    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<T, T, T, MultiplyFunction<T>>(geometry);

    protected override ElementLoop Vectors(SpreadGeometry geometry, VectorWidth width) => new VectorBinaryLoop<MultiplyFunction<float>>(geometry, width);
}
