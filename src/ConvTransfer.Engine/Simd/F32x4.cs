using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ConvTransfer.Engine.Simd;

/// <summary>4 lanes of float32 in one 128-bit register.</summary>
internal readonly unsafe struct F32x4 : IVector<F32x4>
{
    private readonly Vector128<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal F32x4(Vector128<float> v) => _v = v;

    public static int Count => 4;

    public static F32x4 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Splat(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x4 value, float* to) => value._v.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 LoadPartial(float* from, int count) => Partial<F32x4>.Load(from, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(F32x4 value, float* to, int count) => Partial<F32x4>.Store(value, to, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Even(Vector128<float> low, Vector128<float> high) =>
        Sse.IsSupported ? Sse.Shuffle(low, high, 0b10_00_10_00) : Vector128.Create(low[0], low[2], high[0], high[2]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator +(F32x4 a, F32x4 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator -(F32x4 a, F32x4 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator *(F32x4 a, F32x4 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 operator /(F32x4 a, F32x4 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 MulAdd(F32x4 a, F32x4 b, F32x4 c) => new(Vector128.MultiplyAddEstimate(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Sqrt(F32x4 a) => new(Vector128.Sqrt(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Min(F32x4 a, F32x4 b) => new(Vector128.Min(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Max(F32x4 a, F32x4 b) => new(Vector128.Max(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 WhereLess(F32x4 x, F32x4 limit, F32x4 below, F32x4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(x._v, limit._v), below._v, otherwise._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x4 Even(F32x4 low, F32x4 high) => new(Even(low._v, high._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(F32x4 even, F32x4 odd, float* to)
    {
        if (Sse.IsSupported)
        {
            Sse.UnpackLow(even._v, odd._v).Store(to);
            Sse.UnpackHigh(even._v, odd._v).Store(to + 4);
            return;
        }
        for (int i = 0; i < 4; i++) (to[2 * i], to[(2 * i) + 1]) = (even._v[i], odd._v[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(float* from, nint fromStride, float* to, nint toStride)
    {
        if (!Sse.IsSupported)
        {
            for (int i = 0; i < 16; i++) to[(i % 4 * toStride) + (i / 4)] = from[(i / 4 * fromStride) + (i % 4)];
            return;
        }
        Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + fromStride), c = Vector128.Load(from + (2 * fromStride)), d = Vector128.Load(from + (3 * fromStride));
        Vector128<float> e = Sse.UnpackLow(a, b), f = Sse.UnpackLow(c, d), g = Sse.UnpackHigh(a, b), h = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(e, f).Store(to);
        Sse.MoveHighToLow(f, e).Store(to + toStride);
        Sse.MoveLowToHigh(g, h).Store(to + (2 * toStride));
        Sse.MoveHighToLow(h, g).Store(to + (3 * toStride));
    }
}
