using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Y = X.</summary>
/// <remarks>Source: ONNX Identity-1 to -25; the versions differ in types only. Sequences and optionals are not supported.</remarks>
internal sealed class Identity : AliasOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);

    public override OperatorSchema Schema { get; } = new("Identity", since: [1, 13, 14, 16, 19, 21, 23, 24, 25])
    {
        Inputs = [new("input", T)],
        Outputs = [new("output", T)],
    };

    public override OperatorRole Role => OperatorRole.Passthrough;

    public override TensorType[] InferTypes(NodeContext n) => [n.Input(0)];
}
