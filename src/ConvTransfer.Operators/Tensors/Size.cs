using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The number of the input's elements, as an int64 scalar.</summary>
/// <remarks>Source: ONNX Size-1 to -25; the versions differ in types only.</remarks>
internal sealed class Size : PlainOperator
{
    public override OperatorSchema Schema { get; } = new("Size", since: [1, 13, 19, 21, 23, 24, 25])
    {
        Inputs = [new("data", new("T", TypeVariable.All))],
        Outputs = [new("size", new("T1", [ElementType.Int64]))],
    };

    public override bool DependsOnShapesOnly => true;

    public override TensorType[] InferTypes(NodeContext n) => [new TensorType(ElementType.Int64, [])];

    public override Dim[]? InferElements(NodeContext n) => [new DimProduct(n.Input(0).Dims!.Value).ToDim()];

    protected override PlainKernel Prepare(NodeContext n) => new ConstantKernel([n.InputShape(0).ElementCount]);
}
