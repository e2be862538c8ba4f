using ConvTransfer.Engine.Movement;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Blocks of pixels to channels: [N, C, H, W] to [N, C b², H / b, W / b].</summary>
/// <remarks>Source: ONNX SpaceToDepth-1, -13; the inverse of <see cref="DepthToSpace"/> in mode DCR.</remarks>
internal sealed class SpaceToDepth : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute BlockSize = new("blocksize") { Required = true };

    public override OperatorSchema Schema { get; } = new("SpaceToDepth", since: [1, 13])
    {
        Inputs = [new("input", T)],
        Outputs = [new("output", T)],
        Attributes = [BlockSize],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        long block = SpaceBlocks.Size(n, n.Get(BlockSize));
        return [x with { Dims = [x[0], SpaceBlocks.Times(x[1], checked(block * block)), SpaceBlocks.Over(n, x[2], block, 2), SpaceBlocks.Over(n, x[3], block, 3)] }];
    }

    public override void Gradient(GradientContext g) => g.Accumulate(0, g.Node("DepthToSpace", [g.Gradient], [new NodeAttribute(BlockSize.Name, new AttributeValue.Int(g.N.Get(BlockSize)))]));

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        var y = n.OutputShape(0);
        long b = n.Get(BlockSize), width = x[3], plane = x[2] * width;
        long[] lengths = [x[0], b, b, x[1], y[2], y[3]];
        return new CopyKernel(n.Input(0).ElementType, new CopyPart(0, 0, new StridedCopy(lengths, [x[1] * plane, width, 1, plane, b * width, b], StridedCopy.DenseStrides(lengths))));
    }
}
