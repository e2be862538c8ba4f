using ConvTransfer.Graphs;

namespace ConvTransfer.Operators.Tensors;

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
