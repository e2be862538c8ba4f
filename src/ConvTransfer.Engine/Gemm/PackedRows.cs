using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Engine.Gemm;

/// <summary>Constant operands packed once: groups of blocks of rows, each [k][rows], each starting at 64 bytes. Immutable; owned by whoever made it.</summary>
internal sealed unsafe class PackedRows : IPackedOperand
{
    private readonly AlignedMemory _memory;

    /// <summary>Packs [groups · rows][k].</summary>
    public PackedRows(float* from, int groups, int rows, int k, int maxRows)
    {
        _memory = new AlignedMemory(checked(Elements(rows, k, maxRows) * groups * sizeof(float)));
        for (int g = 0; g < groups; g++)
            for (int block = 0; block < new RowBlocks(rows, maxRows).Count; block++)
                PackBlock(from + ((nint)g * rows * k), rows, k, maxRows, block, (float*)_memory.Pointer + (g * Elements(rows, k, maxRows)));
    }

    /// <summary>The first group's first block.</summary>
    public float* Pointer => (float*)_memory.Pointer;

    /// <summary>Elements of one group.</summary>
    public static nint Elements(int rows, int k, int maxRows)
    {
        var blocks = new RowBlocks(rows, maxRows);
        return blocks.Count * Stride(rows, k, maxRows);
    }

    /// <summary>Elements from one block to the next.</summary>
    public static nint Stride(int rows, int k, int maxRows) => OperandPacking.Rounded(checked((nint)k * new RowBlocks(rows, maxRows).Size(0)));

    /// <summary>Packs one block of a group into its place.</summary>
    public static void PackBlock(float* from, int rows, int k, int maxRows, int block, float* group)
    {
        var blocks = new RowBlocks(rows, maxRows);
        OperandPacking.PackRows(from + ((nint)blocks.Start(block) * k), k, 1, blocks.Size(block), k, group + (block * Stride(rows, k, maxRows)));
    }

    public long NativeBytes => _memory.NativeBytes;

    public void Dispose() => _memory.Dispose();
}
