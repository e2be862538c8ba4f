using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A or B is true.</summary>
/// <remarks>Source: ONNX Or-1, -7; before 7 operands are spread as <see cref="LegacyAxis"/> says.</remarks>
internal sealed class Or() : BinaryOperator("Or", [1, 7], new TypeVariable("T", [ElementType.Bool]), ElementType.Bool)
{
    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<byte, byte, byte, OrFunction>(geometry);
}
