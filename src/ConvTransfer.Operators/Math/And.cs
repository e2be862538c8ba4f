using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A and B are true.</summary>
/// <remarks>Source: ONNX And-1, -7; before 7 operands are spread as <see cref="LegacyAxis"/> says.</remarks>
internal sealed class And() : BinaryOperator("And", [1, 7], new TypeVariable("T", [ElementType.Bool]), ElementType.Bool)
{
    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<byte, byte, byte, AndFunction>(geometry);
}
