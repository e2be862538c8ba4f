using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>The greatest of all inputs, element by element; NaN where one is NaN.</summary>
/// <remarks>Source: ONNX Max-1, -6, -8 (spreading), -12 (integers), -13.</remarks>
internal sealed class Max() : VariadicOperator("Max", [1, 6, 8, 12, 13], TypeVariable.Numbers, "max")
{
    public override void Gradient(GradientContext g) => ShareAmongHits(g);

    protected override ElementLoop Pair<T>(SpreadGeometry geometry) => new BinaryLoop<T, T, T, MaximumFunction<T>>(geometry);
}
