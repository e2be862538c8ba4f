using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Normalization;

/// <summary>The choice of a vector width for <see cref="F32RowNormalization{V}"/>.</summary>
internal static class F32RowNormalization
{
    /// <summary>A normalization of float32 rows.</summary>
    public static RowNormalization<float> Create(nint rows, ScaleLayout layout, double epsilon, VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new F32RowNormalization<F32x16>(rows, layout, epsilon),
        VectorWidth.Bits256 => new F32RowNormalization<F32x8>(rows, layout, epsilon),
        _ => new F32RowNormalization<F32x4>(rows, layout, epsilon),
    };
}

/// <summary>The normalization of rows of float32 in vectors, any alignment. Sums are taken lane by lane over stretches of at most 64 vectors, those in double.</summary>
/// <remarks>
/// The mean is taken off in two parts, its float32 and the rest, and in a row far from 0, whose sums are rounded in every lane, it is itself corrected by the mean of what is off it:
/// such a row loses nothing that its elements hold.
/// </remarks>
internal sealed unsafe class F32RowNormalization<V>(nint rows, ScaleLayout layout, double epsilon) : RowNormalization<float>(rows, layout, epsilon) where V : unmanaged, IVector<V>
{
    private const int VectorsPerStretch = 64;

    protected override (double Mean, double Variance) Moments(float* x, nint length)
    {
        double mean = Sum<Plain>(x, 0, length) / length;
        double variance = Sum<Square>(x, mean, length) / length;
        if (!RowNormalization.IsFar(mean, variance)) return (mean, variance);
        double off = Sum<Deviation>(x, mean, length) / length;
        return (mean + off, Math.Max(0, variance - (off * off)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Normalize(float* x, nint length, double mean, double inverse, float* scale, float* shift, float* y)
    {
        V high = V.Splat((float)mean), low = V.Splat((float)(mean - (float)mean)), inverses = V.Splat((float)inverse);
        if (Layout.Run == 1)
        {
            nint i = 0;
            for (; i + V.Count <= length; i += V.Count) V.Store(V.MulAdd(V.Load(x + i) - high - low, V.Load(scale + i) * inverses, shift is null ? V.Zero : V.Load(shift + i)), y + i);
            int rest = (int)(length - i);
            if (rest > 0) V.StorePartial(V.MulAdd(V.LoadPartial(x + i, rest) - high - low, V.LoadPartial(scale + i, rest) * inverses, shift is null ? V.Zero : V.LoadPartial(shift + i, rest)), y + i, rest);
            return;
        }
        for (nint j = 0; j < Layout.PerRow; j++, x += Layout.Run, y += Layout.Run)
        {
            V factor = V.Splat((float)(scale[j] * inverse)), add = V.Splat(shift is null ? 0 : shift[j]);
            nint i = 0;
            for (; i + V.Count <= Layout.Run; i += V.Count) V.Store(V.MulAdd(V.Load(x + i) - high - low, factor, add), y + i);
            int rest = (int)(Layout.Run - i);
            if (rest > 0) V.StorePartial(V.MulAdd(V.LoadPartial(x + i, rest) - high - low, factor, add), y + i, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum<TTerm>(float* x, double mean, nint count) where TTerm : struct, ITerm
    {
        float* lanes = stackalloc float[V.Count];
        V high = V.Splat((float)mean), low = V.Splat((float)(mean - (float)mean));
        double total = 0;
        nint i = 0;
        while (i + V.Count <= count)
        {
            nint end = Math.Min(count, i + (VectorsPerStretch * V.Count));
            V even = V.Zero, odd = V.Zero;
            for (; i + (2 * V.Count) <= end; i += 2 * V.Count)
            {
                even += TTerm.Of(V.Load(x + i), high, low);
                odd += TTerm.Of(V.Load(x + i + V.Count), high, low);
            }
            if (i + V.Count <= end)
            {
                even += TTerm.Of(V.Load(x + i), high, low);
                i += V.Count;
            }
            V.Store(even + odd, lanes);
            for (int lane = 0; lane < V.Count; lane++) total += lanes[lane];
        }
        int rest = (int)(count - i);
        if (rest == 0) return total;
        V.Store(TTerm.Of(V.LoadPartial(x + i, rest), high, low), lanes);
        for (int lane = 0; lane < rest; lane++) total += lanes[lane];
        return total;
    }

    private interface ITerm
    {
        static abstract V Of(V x, V high, V low);
    }

    private readonly struct Plain : ITerm
    {
        public static V Of(V x, V high, V low) => x;
    }

    private readonly struct Deviation : ITerm
    {
        public static V Of(V x, V high, V low) => x - high - low;
    }

    private readonly struct Square : ITerm
    {
        public static V Of(V x, V high, V low) => (x - high - low) * (x - high - low);
    }
}
