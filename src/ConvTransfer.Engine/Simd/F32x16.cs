using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ConvTransfer.Engine.Simd;

/// <summary>16 lanes of float32 in one 512-bit register.</summary>
internal readonly unsafe struct F32x16 : IVector<F32x16>
{
    private readonly Vector512<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private F32x16(Vector512<float> v) => _v = v;

    public static int Count => 16;

    public static F32x16 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Splat(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x16 value, float* to) => value._v.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 LoadPartial(float* from, int count)
    {
        if (Avx512F.IsSupported) return new(Avx512F.MaskLoad(from, Mask(count), Vector512<float>.Zero));
        return Partial<F32x16>.Load(from, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(F32x16 value, float* to, int count)
    {
        if (Avx512F.IsSupported) Avx512F.MaskStore(to, Mask(count), value._v);
        else Partial<F32x16>.Store(value, to, count);
    }

    // All bits set in the lanes below the count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Mask(int count) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator +(F32x16 a, F32x16 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator -(F32x16 a, F32x16 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator *(F32x16 a, F32x16 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator /(F32x16 a, F32x16 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 MulAdd(F32x16 a, F32x16 b, F32x16 c) => new(Vector512.MultiplyAddEstimate(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Sqrt(F32x16 a) => new(Vector512.Sqrt(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Min(F32x16 a, F32x16 b) => new(Vector512.Min(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Max(F32x16 a, F32x16 b) => new(Vector512.Max(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 WhereLess(F32x16 x, F32x16 limit, F32x16 below, F32x16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(x._v, limit._v), below._v, otherwise._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Even(F32x16 low, F32x16 high) => new(Avx512F.IsSupported
        ? Avx512F.PermuteVar16x32x2(low._v, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), high._v)
        : Vector512.Create(F32x8.Even(low._v.GetLower(), low._v.GetUpper()), F32x8.Even(high._v.GetLower(), high._v.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(F32x16 even, F32x16 odd, float* to)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.PermuteVar16x32x2(even._v, Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), odd._v).Store(to);
            Avx512F.PermuteVar16x32x2(even._v, Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), odd._v).Store(to + 16);
            return;
        }
        F32x8.StoreInterleaved(new(even._v.GetLower()), new(odd._v.GetLower()), to);
        F32x8.StoreInterleaved(new(even._v.GetUpper()), new(odd._v.GetUpper()), to + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(float* from, nint fromStride, float* to, nint toStride)
    {
        if (!Avx512F.IsSupported)
        {
            F32x8.Turn(from, fromStride, to, toStride);
            F32x8.Turn(from + (8 * fromStride), fromStride, to + 8, toStride);
            return;
        }
        // Each 128-bit quarter turns four rows of its own.
        Vector512<float> a = Quarters(from, fromStride), b = Quarters(from + fromStride, fromStride), c = Quarters(from + (2 * fromStride), fromStride), d = Quarters(from + (3 * fromStride), fromStride);
        Vector512<double> e = Avx512F.UnpackLow(a, b).AsDouble(), f = Avx512F.UnpackLow(c, d).AsDouble(), g = Avx512F.UnpackHigh(a, b).AsDouble(), h = Avx512F.UnpackHigh(c, d).AsDouble();
        Avx512F.UnpackLow(e, f).AsSingle().Store(to);
        Avx512F.UnpackHigh(e, f).AsSingle().Store(to + toStride);
        Avx512F.UnpackLow(g, h).AsSingle().Store(to + (2 * toStride));
        Avx512F.UnpackHigh(g, h).AsSingle().Store(to + (3 * toStride));
    }

    // 4 numbers of a row, and of the rows four, eight and twelve rows on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quarters(float* from, nint stride) => Vector512.Create(F32x8.Halves(from, stride), F32x8.Halves(from + (8 * stride), stride));
}
