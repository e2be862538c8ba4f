using ConvTransfer.Engine.Movement;
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

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        var y = n.OutputShape(0);
        long b = n.Get(BlockSize), width = x[3], plane = x[2] * width;
        long[] lengths = [x[0], b, b, x[1], y[2], y[3]];
        return new CopyKernel(n.Input(0).ElementType, new CopyPart(0, 0, new StridedCopy(lengths, [x[1] * plane, width, 1, plane, b * width, b], StridedCopy.DenseStrides(lengths))));
    }
}

/// <summary>What the two operators on blocks of pixels check and compute alike.</summary>
internal static class SpaceBlocks
{
    public static long Size(NodeContext n, long block)
    {
        n.Require(n.Input(0).Rank == 4, $"the input is {n.Input(0)}, expected rank 4");
        n.Require(block > 0, $"blocksize is {block}, expected at least 1");
        return block;
    }

    public static Dim Times(Dim length, long factor) => factor == 1 ? length : length.IsKnown ? checked(length.Value * factor) : Dim.Unknown;

    public static Dim Over(NodeContext n, Dim length, long divisor, int axis)
    {
        if (divisor == 1 || !length.IsKnown) return divisor == 1 ? length : Dim.Unknown;
        n.Require(length.Value % divisor == 0, $"length {length} of axis {axis} is no multiple of {divisor}");
        return length.Value / divisor;
    }
}
