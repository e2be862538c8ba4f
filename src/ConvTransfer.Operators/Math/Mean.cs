using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>The mean of all inputs.</summary>
/// <remarks>Source: ONNX Mean-1, -6, -8 (spreading), -13.</remarks>
internal sealed class Mean() : VariadicOperator("Mean", [1, 6, 8, 13], TypeVariable.Floats, "mean")
{
    public override void Gradient(GradientContext g)
    {
        string part = g.Node("Div", [g.Gradient, g.Scalar(g.N.InputCount)]);
        for (int i = 0; i < g.N.InputCount; i++)
            if (g.IsWanted(i)) g.AccumulateSpread(i, part);
    }

    protected override ElementLoop Pair<T>(SpreadGeometry geometry) => new BinaryLoop<T, T, T, AddFunction<T>>(geometry);

    protected override ElementLoop? Last<T>(int operands, long count) => new UnaryLoop<T, T, Divide<T>>(count, new(T.CreateChecked(operands)));

    private readonly struct Divide<T>(T count) : IUnary<T, T> where T : INumber<T>
    {
        private readonly T _count = count;

        public T Apply(T x) => x / _count;
    }
}
