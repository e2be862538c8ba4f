using System.Runtime.CompilerServices;

namespace ConvTransfer.Engine.Simd;

/// <summary>Turns a matrix: rows become columns.</summary>
/// <remarks>Blocks of four columns and as many rows as a vector has lanes go through registers; the last block of each direction overlaps the one before, so that there is no remainder. Numbers are copied, never computed with.</remarks>
internal static unsafe class Turning<V> where V : unmanaged, IVector<V>
{
    /// <summary>to[j · toStride + i] = from[i · fromStride + j] for i below <paramref name="rows"/>, j below <paramref name="columns"/>; nothing else is read or written.</summary>
    public static void Run(float* from, nint fromStride, int rows, int columns, float* to, nint toStride)
    {
        int i = 0;
        if (columns >= 4)
        {
            for (; i + V.Count <= rows; i += V.Count) Strip<V>(from + (i * fromStride), fromStride, columns, to + i, toStride);
            if (V.Count > 8)
                for (; i + 8 <= rows; i += 8) Strip<F32x8>(from + (i * fromStride), fromStride, columns, to + i, toStride);
            for (; i + 4 <= rows; i += 4) Strip<F32x4>(from + (i * fromStride), fromStride, columns, to + i, toStride);
            if (i < rows && rows >= 4)
            {
                Strip<F32x4>(from + ((rows - 4) * fromStride), fromStride, columns, to + rows - 4, toStride);
                return;
            }
        }
        for (; i < rows; i++)
            for (int j = 0; j < columns; j++) to[(j * toStride) + i] = from[(i * fromStride) + j];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Strip<W>(float* from, nint fromStride, int columns, float* to, nint toStride) where W : unmanaged, IVector<W>
    {
        for (int j = 0; j + 4 <= columns; j += 4) W.Turn(from + j, fromStride, to + (j * toStride), toStride);
        if (columns % 4 != 0) W.Turn(from + columns - 4, fromStride, to + ((columns - 4) * toStride), toStride);
    }
}
