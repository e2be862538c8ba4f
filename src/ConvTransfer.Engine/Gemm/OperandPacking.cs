using System.Runtime.CompilerServices;

namespace ConvTransfer.Engine.Gemm;

/// <summary>Puts the operands of a product into the order in which the micro-kernel reads them.</summary>
internal static unsafe class OperandPacking
{
    /// <summary>Elements that k rows of a panel take when the next panel shall start at 64 bytes.</summary>
    public static nint Rounded(nint elements) => (elements + 15) & ~(nint)15;

    /// <summary>Packs rows for broadcasting: to[p · rows + r] = from[r · rowStride + p · stepStride].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackRows(float* from, nint rowStride, nint stepStride, int rows, int k, float* to)
    {
        for (int r = 0; r < rows; r++)
        {
            float* x = from + (r * rowStride), y = to + r;
            for (int p = 0; p < k; p++, x += stepStride, y += rows) *y = *x;
        }
    }

    /// <summary>Packs a panel of columns: to[p · width + j] = from[p · stepStride + j · columnStride], 0 from <paramref name="columns"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackColumns(float* from, nint stepStride, nint columnStride, int columns, int k, int width, float* to)
    {
        if (columns < width) new Span<float>(to, checked(k * width)).Clear();
        if (columnStride == 1)
        {
            for (int p = 0; p < k; p++, from += stepStride, to += width)
                for (int j = 0; j < columns; j++) to[j] = from[j];
            return;
        }
        for (int j = 0; j < columns; j++)
        {
            float* x = from + (j * columnStride), y = to + j;
            for (int p = 0; p < k; p++, x += stepStride, y += width) *y = *x;
        }
    }
}
