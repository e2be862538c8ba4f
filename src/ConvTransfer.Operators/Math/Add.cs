using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Epilogues;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A + B.</summary>
/// <remarks>Source: ONNX Add-1, -6, -7, -13, -14; before 7 operands are spread as <see cref="LegacyAxis"/> says. Integers wrap.</remarks>
internal sealed class Add() : ArithmeticOperator("Add")
{
    // A sum of float32 does not depend on the order of its two terms: as a stage it has the bits of its own step.
    public override EpilogueStage? AsEpilogue(NodeContext n, int dataInput) => n.Input(0).ElementType == Engine.Tensors.ElementType.Float32 ? new EpilogueStage(EpilogueKind.Add) : null;

    public override void Gradient(GradientContext g)
    {
        if (g.IsWanted(0)) g.AccumulateSpread(0, g.Gradient);
        if (g.IsWanted(1)) g.AccumulateSpread(1, g.Gradient);
    }

    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<T, T, T, AddFunction<T>>(geometry);

    protected override ElementLoop Vectors(SpreadGeometry geometry, VectorWidth width) => new VectorBinaryLoop<AddFunction<float>>(geometry, width);
}
