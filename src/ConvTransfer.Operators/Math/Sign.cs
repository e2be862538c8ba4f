using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = 1 above 0, -1 below, 0 at 0; NaN stays.</summary>
/// <remarks>Source: ONNX Sign-9, -13; 13 adds types only. The derivative is 0 wherever it exists.</remarks>
internal sealed class Sign() : SignOperator("Sign", [9, 13], integersSince: 9, TypeVariable.Integers)
{
    public override void Gradient(GradientContext g)
    {
    }

    protected override ElementLoop Loop<T>(long count) => new UnaryLoop<T, T, Of<T>>(count, default);

    private readonly struct Of<T> : IUnary<T, T> where T : INumber<T>
    {
        public T Apply(T x) => T.IsNaN(x) ? x : T.CreateTruncating(T.Sign(x));
    }
}
