using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>C = A equals B.</summary>
/// <remarks>Source: ONNX Equal-1, -7, -11, -13, -19; before 7 operands are spread as <see cref="LegacyAxis"/> says. Strings (19) are not supported.</remarks>
internal sealed class Equal() : BinaryOperator("Equal", [1, 7, 11, 13, 19], new TypeVariable("T", TypeVariable.NumbersAndBool), ElementType.Bool)
{
    protected override void CheckVersion(NodeContext n)
    {
        var type = n.Input(0).ElementType;
        n.Require(n.Version >= 11 || type is ElementType.Bool or ElementType.Int32 or ElementType.Int64, $"the inputs are of type {type.OnnxName()}, which opset {n.Opset} does not allow; 11 does");
    }

    protected override ElementLoop Loop<T>(NodeContext n, SpreadGeometry geometry) => new BinaryLoop<T, T, byte, EqualFunction<T>>(geometry);
}
