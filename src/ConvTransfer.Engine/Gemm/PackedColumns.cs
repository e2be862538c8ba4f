using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Engine.Gemm;

/// <summary>Constant operands packed once: groups of panels of columns, each [k][width] with zeros behind the last column, each starting at 64 bytes. Immutable; owned by whoever made it.</summary>
internal sealed unsafe class PackedColumns : IPackedOperand
{
    private readonly AlignedMemory _memory;

    /// <summary>Packs columns: element (p, j) of group g is from[g · groupStride + p · stepStride + j · columnStride].</summary>
    public PackedColumns(float* from, int groups, nint groupStride, nint stepStride, nint columnStride, int columns, int k, int width)
    {
        _memory = new AlignedMemory(checked(Elements(columns, k, width) * groups * sizeof(float)));
        for (int g = 0; g < groups; g++)
            for (int panel = 0; panel < Panels(columns, width); panel++)
                PackPanel(from + (g * groupStride), stepStride, columnStride, columns, k, width, panel, Pointer + (g * Elements(columns, k, width)));
    }

    /// <summary>The first group's first panel.</summary>
    public float* Pointer => (float*)_memory.Pointer;

    /// <summary>The number of panels.</summary>
    public static int Panels(int columns, int width) => (columns + width - 1) / width;

    /// <summary>Elements of one group.</summary>
    public static nint Elements(int columns, int k, int width) => checked(Panels(columns, width) * Stride(k, width));

    /// <summary>Elements from one panel to the next.</summary>
    public static nint Stride(int k, int width) => OperandPacking.Rounded(checked((nint)k * width));

    /// <summary>Packs one panel of a group into its place.</summary>
    public static void PackPanel(float* from, nint stepStride, nint columnStride, int columns, int k, int width, int panel, float* group) =>
        OperandPacking.PackColumns(from + (panel * width * columnStride), stepStride, columnStride, Math.Min(width, columns - (panel * width)), k, width, group + (panel * Stride(k, width)));

    public long NativeBytes => _memory.NativeBytes;

    public void Dispose() => _memory.Dispose();
}
