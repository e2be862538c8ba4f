using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = |X|; of the least integer itself.</summary>
/// <remarks>Source: ONNX Abs-1, -6, -13; 6 adds integers.</remarks>
internal sealed class Abs() : SignOperator("Abs", [1, 6, 13], integersSince: 6, TypeVariable.Integers)
{
    public override void Gradient(GradientContext g) => g.Accumulate(0, g.Node("Mul", [g.Gradient, g.Node("Sign", [g.Input(0)])]));

    protected override ElementLoop Loop<T>(long count) => new UnaryLoop<T, T, Of<T>>(count, default);

    private readonly struct Of<T> : IUnary<T, T> where T : INumber<T>
    {
        public T Apply(T x) => T.IsNegative(x) ? unchecked(-x) : x;
    }
}
