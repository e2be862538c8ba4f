using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Add, Sub, Mul and Div: two operands of one type, float32 in vectors.</summary>
internal abstract class ArithmeticOperator(string name) : BinaryOperator(name, [1, 6, 7, 13, 14], new TypeVariable("T", TypeVariable.Numbers))
{
    private static readonly ElementType[] Before14 = [.. TypeVariable.Floats, ElementType.Int32, ElementType.Int64, ElementType.UInt32, ElementType.UInt64];

    public override OperatorRole Role => OperatorRole.Arithmetic;

    protected override void CheckVersion(NodeContext n)
    {
        var type = n.Input(0).ElementType;
        bool allowed = n.Version >= 14 || (n.Version >= 6 ? Before14.Contains(type) : type.IsFloat());
        n.Require(allowed, $"the inputs are of type {type.OnnxName()}, which opset {n.Opset} does not allow; 14 does");
    }

    public override Step Lower(NodeContext n, LoweringContext plan) =>
        n.Input(0).ElementType == ElementType.Float32 ? new LoopKernel(Vectors(Geometry(n), VectorWidths.Best)).ToStep(n, plan) : base.Lower(n, plan);

    /// <summary>The loop over float32.</summary>
    protected abstract ElementLoop Vectors(SpreadGeometry geometry, VectorWidth width);
}
