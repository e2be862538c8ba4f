using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = X is false.</summary>
/// <remarks>Source: ONNX Not-1.</remarks>
internal sealed class Not : PlainOperator
{
    private static readonly TypeVariable T = new("T", [ElementType.Bool]);

    public override OperatorSchema Schema { get; } = new("Not", since: [1]) { Inputs = [new("X", T)], Outputs = [new("Y", T)] };

    public override TensorType[] InferTypes(NodeContext n) => [n.Input(0)];

    protected override PlainKernel Prepare(NodeContext n) => new LoopKernel(new UnaryLoop<byte, byte, Of>(n.InputShape(0).ElementCount, default));

    private readonly struct Of : IUnary<byte, byte>
    {
        public byte Apply(byte x) => x == 0 ? (byte)1 : (byte)0;
    }
}
