using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>The least of all inputs, element by element; NaN where one is NaN.</summary>
/// <remarks>Source: ONNX Min-1, -6, -8 (spreading), -12 (integers), -13.</remarks>
internal sealed class Min() : VariadicOperator("Min", [1, 6, 8, 12, 13], TypeVariable.Numbers, "min")
{
    public override void Gradient(GradientContext g) => ShareAmongHits(g);

    protected override ElementLoop Pair<T>(SpreadGeometry geometry) => new BinaryLoop<T, T, T, MinimumFunction<T>>(geometry);
}
