using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>The sum of all inputs.</summary>
/// <remarks>Source: ONNX Sum-1, -6, -8 (spreading), -13.</remarks>
internal sealed class Sum() : VariadicOperator("Sum", [1, 6, 8, 13], TypeVariable.Floats, "sum")
{
    public override void Gradient(GradientContext g)
    {
        for (int i = 0; i < g.N.InputCount; i++)
            if (g.IsWanted(i)) g.AccumulateSpread(i, g.Gradient);
    }

    public override EpilogueStage? AsEpilogue(NodeContext n, int dataInput) => n.InputCount == 2 && n.Input(0).ElementType == ElementType.Float32 ? new EpilogueStage(EpilogueKind.Add) : null;

    protected override ElementLoop Pair<T>(SpreadGeometry geometry) => new BinaryLoop<T, T, T, AddFunction<T>>(geometry);
}
