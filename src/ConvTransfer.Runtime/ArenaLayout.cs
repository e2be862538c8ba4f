namespace ConvTransfer.Runtime;

/// <summary>Gives blocks with lifetimes their offsets in one block of memory, so that blocks that live at the same time do not overlap.</summary>
internal static class ArenaLayout
{
    /// <summary>The alignment of every block in bytes.</summary>
    public const long Alignment = 64;

    /// <summary>A block: its bytes, and the first and last step in which it is alive.</summary>
    internal readonly record struct Block(long Bytes, int First, int Last);

    /// <summary>The offsets of the blocks, and the bytes that all need together.</summary>
    /// <remarks>Largest first, each at the lowest offset that is free over its lifetime: deterministic, and near the optimum for chains.</remarks>
    public static (long[] Offsets, long Total) Place(IReadOnlyList<Block> blocks)
    {
        long[] offsets = new long[blocks.Count];
        long total = 0;
        var placed = new List<int>();
        foreach (int i in Enumerable.Range(0, blocks.Count).OrderByDescending(i => blocks[i].Bytes).ThenBy(i => i))
        {
            long at = 0, size = Rounded(blocks[i].Bytes);
            foreach (int other in placed)
            {
                if (blocks[other].Last < blocks[i].First || blocks[i].Last < blocks[other].First) continue;
                if (at + size <= offsets[other]) break;
                at = Math.Max(at, offsets[other] + Rounded(blocks[other].Bytes));
            }
            offsets[i] = at;
            total = Math.Max(total, checked(at + size));
            int index = placed.FindIndex(p => offsets[p] > at);
            placed.Insert(index < 0 ? placed.Count : index, i);
        }
        return (offsets, total);
    }

    /// <summary>The size that a block takes: whole cache lines, at least one.</summary>
    public static long Rounded(long bytes) => Math.Max(Alignment, checked(bytes + Alignment - 1) / Alignment * Alignment);
}
