using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A is at least B.</summary>
/// <remarks>Source: ONNX GreaterOrEqual-12, -16; 16 adds types only.</remarks>
internal sealed class GreaterOrEqual() : BinaryOperator("GreaterOrEqual", [12, 16], new TypeVariable("T", TypeVariable.Numbers), ElementType.Bool)
{
    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<T, T, byte, GreaterOrEqualFunction<T>>(geometry);
}
