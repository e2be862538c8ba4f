using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Channels to blocks of pixels: [N, C, H, W] to [N, C / b², H b, W b].</summary>
/// <remarks>Source: ONNX DepthToSpace-1, -11 (mode), -13. DCR takes the depth as [b, b, C], CRD as [C, b, b].</remarks>
internal sealed class DepthToSpace : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute BlockSize = new("blocksize") { Required = true };
    private static readonly StringAttribute Mode = new("mode", "DCR", "DCR", "CRD") { Since = 11 };

    public override OperatorSchema Schema { get; } = new("DepthToSpace", since: [1, 11, 13])
    {
        Inputs = [new("input", T)],
        Outputs = [new("output", T)],
        Attributes = [BlockSize, Mode],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        long block = SpaceBlocks.Size(n, n.Get(BlockSize));
        return [x with { Dims = [x[0], SpaceBlocks.Over(n, x[1], checked(block * block), 1), SpaceBlocks.Times(x[2], block), SpaceBlocks.Times(x[3], block)] }];
    }

    public override void Gradient(GradientContext g)
    {
        Shape x = g.N.InputShape(0), y = g.N.OutputShape(0);
        long b = g.N.Get(BlockSize);
        long[] perm = g.N.Get(Mode) == "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
        string blocks = g.Reshaped(g.Gradient, new Shape([x[0], y[1], x[2], b, x[3], b]));
        g.Accumulate(0, g.Reshaped(g.Node("Transpose", [blocks], [new NodeAttribute("perm", new AttributeValue.Ints([.. perm]))]), x));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        var y = n.OutputShape(0);
        long b = n.Get(BlockSize), depth = y[1], plane = x[2] * x[3];
        // The source as [N, bh, bw, C', H, W] or [N, C', bh, bw, H, W], walked in the target's order [N, C', H, bh, W, bw].
        (long c, long bh, long bw) = n.Get(Mode) == "DCR" ? (plane, b * depth * plane, depth * plane) : (b * b * plane, b * plane, plane);
        long[] lengths = [x[0], depth, x[2], b, x[3], b];
        return new CopyKernel(n.Input(0).ElementType, new CopyPart(0, 0, new StridedCopy(lengths, [x[1] * plane, c, x[3], bh, 1, bw], StridedCopy.DenseStrides(lengths))));
    }
}
