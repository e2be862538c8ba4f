using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Gemm;

/// <summary>A number of rows as a type, so that a kernel compiled for it holds no accumulator that it does not use.</summary>
internal interface ITileRows
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>A number of columns in vectors as a type.</summary>
internal interface ITileColumns
{
    /// <summary>True for two vectors, false for one.</summary>
    static abstract bool Two { get; }
}

/// <summary>
/// The one micro-kernel: a tile of up to 14 rows and 1 or 2 vectors of columns, c[r][j] = Σ_p a[p][r] · b[p][j], all of the sum in registers.
/// Convolutions, matrix products and fully connected layers are this routine over differently packed operands.
/// </summary>
/// <remarks>
/// <para>Lanes: a vector holds neighbouring columns of one row. Per step of the sum: 1 or 2 vectors of b are read, each a[p][r] is read into all lanes, one multiply-add per accumulator.
/// 14 x 2 vectors take 28 accumulators, 2 of b and 1 of a: 31 of the 32 registers of AVX-512. With 16 registers (256 and 128 bits) at most 6 x 2: 12 + 2 + 1.</para>
/// <para>a is packed [p][rows] without gaps; b is [p][ldb], so that an unpacked matrix can be read too; c is [rows][ldc]. b and c are written and read in whole vectors.
/// Packed operands start at 64 bytes; elsewhere no alignment is needed.</para>
/// <para>Every element's sum runs over p ascending, one multiply-add each, from 0: its bits depend neither on the tile nor on its place in it.</para>
/// <para>Accumulators are named locals: as an array they would live in memory, at a third of the speed. The lines of the loop are written out and the finish is a call:
/// the compiler gives up inlining in a method that asks for too much of it, and then every multiply-add becomes a call.</para>
/// </remarks>
internal static unsafe class F32Gemm<V, TRows, TColumns>
    where V : unmanaged, IVector<V>
    where TRows : struct, ITileRows
    where TColumns : struct, ITileColumns
{
    /// <summary>Computes a tile.</summary>
    /// <param name="k">The length of the sum; 0 gives zeros.</param>
    /// <param name="a">Packed [k][rows].</param>
    /// <param name="b">[k][ldb].</param>
    /// <param name="ldb">Elements from one row of b to the next.</param>
    /// <param name="c">[rows][ldc]; overwritten.</param>
    /// <param name="ldc">Elements from one row of c to the next.</param>
    /// <param name="finish">What follows the sum; null for nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(nint k, float* a, float* b, nint ldb, float* c, nint ldc, TileFinish* finish)
    {
        V zero = V.Zero;
        V s0 = zero, t0 = zero;
        V s1 = zero, t1 = zero;
        V s2 = zero, t2 = zero;
        V s3 = zero, t3 = zero;
        V s4 = zero, t4 = zero;
        V s5 = zero, t5 = zero;
        V s6 = zero, t6 = zero;
        V s7 = zero, t7 = zero;
        V s8 = zero, t8 = zero;
        V s9 = zero, t9 = zero;
        V s10 = zero, t10 = zero;
        V s11 = zero, t11 = zero;
        V s12 = zero, t12 = zero;
        V s13 = zero, t13 = zero;
        for (nint p = 0; p < k; p++)
        {
            V x, b0 = V.Load(b), b1 = TColumns.Two ? V.Load(b + V.Count) : zero;
            x = V.Splat(a[0]);
            s0 = V.MulAdd(x, b0, s0);
            if (TColumns.Two) t0 = V.MulAdd(x, b1, t0);
            if (TRows.Count > 1)
            {
                x = V.Splat(a[1]);
                s1 = V.MulAdd(x, b0, s1);
                if (TColumns.Two) t1 = V.MulAdd(x, b1, t1);
            }
            if (TRows.Count > 2)
            {
                x = V.Splat(a[2]);
                s2 = V.MulAdd(x, b0, s2);
                if (TColumns.Two) t2 = V.MulAdd(x, b1, t2);
            }
            if (TRows.Count > 3)
            {
                x = V.Splat(a[3]);
                s3 = V.MulAdd(x, b0, s3);
                if (TColumns.Two) t3 = V.MulAdd(x, b1, t3);
            }
            if (TRows.Count > 4)
            {
                x = V.Splat(a[4]);
                s4 = V.MulAdd(x, b0, s4);
                if (TColumns.Two) t4 = V.MulAdd(x, b1, t4);
            }
            if (TRows.Count > 5)
            {
                x = V.Splat(a[5]);
                s5 = V.MulAdd(x, b0, s5);
                if (TColumns.Two) t5 = V.MulAdd(x, b1, t5);
            }
            if (TRows.Count > 6)
            {
                x = V.Splat(a[6]);
                s6 = V.MulAdd(x, b0, s6);
                if (TColumns.Two) t6 = V.MulAdd(x, b1, t6);
            }
            if (TRows.Count > 7)
            {
                x = V.Splat(a[7]);
                s7 = V.MulAdd(x, b0, s7);
                if (TColumns.Two) t7 = V.MulAdd(x, b1, t7);
            }
            if (TRows.Count > 8)
            {
                x = V.Splat(a[8]);
                s8 = V.MulAdd(x, b0, s8);
                if (TColumns.Two) t8 = V.MulAdd(x, b1, t8);
            }
            if (TRows.Count > 9)
            {
                x = V.Splat(a[9]);
                s9 = V.MulAdd(x, b0, s9);
                if (TColumns.Two) t9 = V.MulAdd(x, b1, t9);
            }
            if (TRows.Count > 10)
            {
                x = V.Splat(a[10]);
                s10 = V.MulAdd(x, b0, s10);
                if (TColumns.Two) t10 = V.MulAdd(x, b1, t10);
            }
            if (TRows.Count > 11)
            {
                x = V.Splat(a[11]);
                s11 = V.MulAdd(x, b0, s11);
                if (TColumns.Two) t11 = V.MulAdd(x, b1, t11);
            }
            if (TRows.Count > 12)
            {
                x = V.Splat(a[12]);
                s12 = V.MulAdd(x, b0, s12);
                if (TColumns.Two) t12 = V.MulAdd(x, b1, t12);
            }
            if (TRows.Count > 13)
            {
                x = V.Splat(a[13]);
                s13 = V.MulAdd(x, b0, s13);
                if (TColumns.Two) t13 = V.MulAdd(x, b1, t13);
            }
            a += TRows.Count;
            b += ldb;
        }
        // One multiply-add serves the bias or scale and shift: x · 1 + bias is x + bias and x · 1 + -0 is x, both exactly.
        float one = 1, none = -0.0f;
        float* d = c, scale = &one, shift = &none;
        nint scaleStep = 0, shiftStep = 0;
        V minimum = V.Splat(float.NegativeInfinity), maximum = V.Splat(float.PositiveInfinity);
        if (finish is not null)
        {
            if (finish->Bias is not null)
            {
                shift = finish->Bias;
                shiftStep = 1;
            }
            else if (finish->Scale is not null)
            {
                scale = finish->Scale;
                shift = finish->Shift;
                scaleStep = shiftStep = 1;
            }
            if (!finish->HasSecondPass)
            {
                minimum = V.Splat(finish->Minimum);
                maximum = V.Splat(finish->Maximum);
            }
        }
        V y = V.Splat(*scale), z = V.Splat(*shift);
        V.Store(TileFinish.Clip(V.MulAdd(s0, y, z), minimum, maximum), d);
        if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t0, y, z), minimum, maximum), d + V.Count);
        if (TRows.Count > 1)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s1, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t1, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 2)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s2, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t2, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 3)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s3, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t3, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 4)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s4, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t4, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 5)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s5, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t5, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 6)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s6, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t6, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 7)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s7, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t7, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 8)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s8, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t8, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 9)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s9, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t9, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 10)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s10, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t10, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 11)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s11, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t11, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 12)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s12, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t12, y, z), minimum, maximum), d + V.Count);
        }
        if (TRows.Count > 13)
        {
            d += ldc;
            y = V.Splat(*(scale += scaleStep));
            z = V.Splat(*(shift += shiftStep));
            V.Store(TileFinish.Clip(V.MulAdd(s13, y, z), minimum, maximum), d);
            if (TColumns.Two) V.Store(TileFinish.Clip(V.MulAdd(t13, y, z), minimum, maximum), d + V.Count);
        }
        if (finish is not null && finish->HasSecondPass) Finish(c, ldc, finish);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Finish(float* c, nint ldc, TileFinish* finish)
    {
        for (int row = 0; row < TRows.Count; row++, c += ldc)
        {
            V.Store(finish->Apply(V.Load(c), row, 0), c);
            if (TColumns.Two) V.Store(finish->Apply(V.Load(c + V.Count), row, V.Count), c + V.Count);
        }
    }
}
