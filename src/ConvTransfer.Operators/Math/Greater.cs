using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A is greater than B.</summary>
/// <remarks>Source: ONNX Greater-1, -7, -9, -13; before 7 operands are spread as <see cref="LegacyAxis"/> says.</remarks>
internal sealed class Greater() : BinaryOperator("Greater", [1, 7, 9, 13], new TypeVariable("T", TypeVariable.Numbers), ElementType.Bool)
{
    protected override void CheckVersion(NodeContext n)
    {
        var type = n.Input(0).ElementType;
        n.Require(n.Version >= 9 || type.IsFloat(), $"the inputs are of type {type.OnnxName()}, which opset {n.Opset} does not allow; 9 does");
    }

    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<T, T, byte, GreaterFunction<T>>(geometry);
}
