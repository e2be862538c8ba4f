using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = -X; of the least integer itself.</summary>
/// <remarks>Source: ONNX Neg-1, -6, -13; 6 adds signed integers.</remarks>
internal sealed class Neg() : SignOperator("Neg", [1, 6, 13], integersSince: 6, [ElementType.Int32, ElementType.Int8, ElementType.Int16, ElementType.Int64])
{
    public override void Gradient(GradientContext g) => g.Accumulate(0, g.Node("Neg", [g.Gradient]));

    protected override ElementLoop Loop<T>(long count) => new UnaryLoop<T, T, Of<T>>(count, default);

    private readonly struct Of<T> : IUnary<T, T> where T : INumber<T>
    {
        public T Apply(T x) => unchecked(-x);
    }
}
