using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Normalization;

/// <summary>The choice of a vector width for <see cref="F32BatchNormalization{V}"/>.</summary>
internal static class F32BatchNormalization
{
    /// <summary>Batch normalization of float32 [images, channels, positions].</summary>
    public static BatchNormalizationWork<float> Create(nint images, nint channels, nint positions, double epsilon, VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new F32BatchNormalization<F32x16>(images, channels, positions, epsilon),
        VectorWidth.Bits256 => new F32BatchNormalization<F32x8>(images, channels, positions, epsilon),
        _ => new F32BatchNormalization<F32x4>(images, channels, positions, epsilon),
    };
}

/// <summary>Batch normalization of float32 in vectors. Sums are taken lane by lane over stretches of at most 64 vectors, those in double.</summary>
internal sealed unsafe class F32BatchNormalization<V>(nint images, nint channels, nint positions, double epsilon) : BatchNormalizationWork<float>(images, channels, positions, epsilon)
    where V : unmanaged, IVector<V>
{
    private const int VectorsPerStretch = 64;

    private interface ITerm
    {
        static abstract V Of(V x, V y, V mean);
    }

    protected override double RowSum(float* x, nint count) => Sum<Plain>(x, x, 0, count);

    protected override double RowSquares(float* x, double mean, nint count) => Sum<Square>(x, x, (float)mean, count);

    protected override double RowDeviations(float* x, double mean, nint count) => Sum<Deviation>(x, x, (float)mean, count);

    protected override double RowProducts(float* dy, float* x, double mean, nint count) => Sum<Product>(dy, x, (float)mean, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Normalize(float* x, double mean, double factor, double shift, float* y, nint count)
    {
        V m = V.Splat((float)mean), f = V.Splat((float)factor), s = V.Splat((float)shift);
        nint i = 0;
        for (; i + V.Count <= count; i += V.Count) V.Store(V.MulAdd(V.Load(x + i) - m, f, s), y + i);
        int rest = (int)(count - i);
        if (rest > 0) V.StorePartial(V.MulAdd(V.LoadPartial(x + i, rest) - m, f, s), y + i, rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Differentiate(float* dy, float* x, double mean, double a, double b, double c, float* dx, nint count)
    {
        V m = V.Splat((float)mean), va = V.Splat((float)a), vb = V.Splat((float)b), vc = V.Splat((float)c);
        nint i = 0;
        for (; i + V.Count <= count; i += V.Count) V.Store(V.MulAdd(V.Load(dy + i), va, V.MulAdd(V.Load(x + i) - m, vb, vc)), dx + i);
        int rest = (int)(count - i);
        if (rest > 0) V.StorePartial(V.MulAdd(V.LoadPartial(dy + i, rest), va, V.MulAdd(V.LoadPartial(x + i, rest) - m, vb, vc)), dx + i, rest);
    }

    protected override double Read(float* at) => *at;

    protected override void Write(double value, float* at) => *at = (float)value;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum<TTerm>(float* x, float* y, float mean, nint count) where TTerm : struct, ITerm
    {
        float* lanes = stackalloc float[V.Count];
        V m = V.Splat(mean);
        double total = 0;
        nint i = 0;
        while (i + V.Count <= count)
        {
            nint end = Math.Min(count, i + (VectorsPerStretch * V.Count));
            V even = V.Zero, odd = V.Zero;
            for (; i + (2 * V.Count) <= end; i += 2 * V.Count)
            {
                even += TTerm.Of(V.Load(x + i), V.Load(y + i), m);
                odd += TTerm.Of(V.Load(x + i + V.Count), V.Load(y + i + V.Count), m);
            }
            if (i + V.Count <= end)
            {
                even += TTerm.Of(V.Load(x + i), V.Load(y + i), m);
                i += V.Count;
            }
            V.Store(even + odd, lanes);
            for (int lane = 0; lane < V.Count; lane++) total += lanes[lane];
        }
        int rest = (int)(count - i);
        if (rest == 0) return total;
        V.Store(TTerm.Of(V.LoadPartial(x + i, rest), V.LoadPartial(y + i, rest), m), lanes);
        for (int lane = 0; lane < rest; lane++) total += lanes[lane];
        return total;
    }

    private readonly struct Plain : ITerm
    {
        public static V Of(V x, V y, V mean) => x;
    }

    private readonly struct Deviation : ITerm
    {
        public static V Of(V x, V y, V mean) => x - mean;
    }

    private readonly struct Square : ITerm
    {
        public static V Of(V x, V y, V mean) => (x - mean) * (x - mean);
    }

    private readonly struct Product : ITerm
    {
        public static V Of(V x, V y, V mean) => x * (y - mean);
    }
}
