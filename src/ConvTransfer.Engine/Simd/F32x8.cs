using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ConvTransfer.Engine.Simd;

/// <summary>8 lanes of float32 in one 256-bit register.</summary>
internal readonly unsafe struct F32x8 : IVector<F32x8>
{
    private readonly Vector256<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal F32x8(Vector256<float> v) => _v = v;

    public static int Count => 8;

    public static F32x8 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Splat(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x8 value, float* to) => value._v.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadPartial(float* from, int count)
    {
        if (Avx.IsSupported) return new(Avx.MaskLoad(from, Mask(count)));
        return Partial<F32x8>.Load(from, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(F32x8 value, float* to, int count)
    {
        if (Avx.IsSupported) Avx.MaskStore(to, Mask(count), value._v);
        else Partial<F32x8>.Store(value, to, count);
    }

    // All bits set in the lanes below the count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Mask(int count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Even(Vector256<float> low, Vector256<float> high)
    {
        if (!Avx2.IsSupported) return Vector256.Create(F32x4.Even(low.GetLower(), low.GetUpper()), F32x4.Even(high.GetLower(), high.GetUpper()));
        // Within each 128-bit half the shuffle takes the even lanes of both operands; the permutation then puts the four pairs in order.
        var pairs = Avx.Shuffle(low, high, 0b10_00_10_00).AsDouble();
        return Avx2.Permute4x64(pairs, 0b11_01_10_00).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 MulAdd(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.MultiplyAddEstimate(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Sqrt(F32x8 a) => new(Vector256.Sqrt(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Min(F32x8 a, F32x8 b) => new(Vector256.Min(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Max(F32x8 a, F32x8 b) => new(Vector256.Max(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 WhereLess(F32x8 x, F32x8 limit, F32x8 below, F32x8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(x._v, limit._v), below._v, otherwise._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Even(F32x8 low, F32x8 high) => new(Even(low._v, high._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(F32x8 even, F32x8 odd, float* to)
    {
        F32x4.StoreInterleaved(new(even._v.GetLower()), new(odd._v.GetLower()), to);
        F32x4.StoreInterleaved(new(even._v.GetUpper()), new(odd._v.GetUpper()), to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(float* from, nint fromStride, float* to, nint toStride)
    {
        if (!Avx.IsSupported)
        {
            F32x4.Turn(from, fromStride, to, toStride);
            F32x4.Turn(from + (4 * fromStride), fromStride, to + 4, toStride);
            return;
        }
        // Each 128-bit half turns four rows of its own.
        Vector256<float> a = Halves(from, fromStride), b = Halves(from + fromStride, fromStride), c = Halves(from + (2 * fromStride), fromStride), d = Halves(from + (3 * fromStride), fromStride);
        Vector256<double> e = Avx.UnpackLow(a, b).AsDouble(), f = Avx.UnpackLow(c, d).AsDouble(), g = Avx.UnpackHigh(a, b).AsDouble(), h = Avx.UnpackHigh(c, d).AsDouble();
        Avx.UnpackLow(e, f).AsSingle().Store(to);
        Avx.UnpackHigh(e, f).AsSingle().Store(to + toStride);
        Avx.UnpackLow(g, h).AsSingle().Store(to + (2 * toStride));
        Avx.UnpackHigh(g, h).AsSingle().Store(to + (3 * toStride));
    }

    // 4 numbers of a row, and 4 of the row four rows on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Halves(float* from, nint stride) => Vector256.Create(Vector128.Load(from), Vector128.Load(from + (4 * stride)));
}
