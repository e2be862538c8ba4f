using System.Runtime.CompilerServices;

namespace ConvTransfer.Engine.Simd;

/// <summary>One number as a vector, for edges and odd strides: the same kernel gives the bits that a lane of a wider vector gets.</summary>
internal readonly unsafe struct F32x1 : IVector<F32x1>
{
    private readonly float _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private F32x1(float v) => _v = v;

    public static int Count => 1;

    public static F32x1 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Splat(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Load(float* from) => new(*from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(F32x1 value, float* to) => *to = value._v;

    public static F32x1 LoadPartial(float* from, int count) => count > 0 ? new(*from) : default;

    public static void StorePartial(F32x1 value, float* to, int count)
    {
        if (count > 0) *to = value._v;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator +(F32x1 a, F32x1 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator -(F32x1 a, F32x1 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator *(F32x1 a, F32x1 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator /(F32x1 a, F32x1 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 MulAdd(F32x1 a, F32x1 b, F32x1 c) => new(float.MultiplyAddEstimate(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Sqrt(F32x1 a) => new(MathF.Sqrt(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Min(F32x1 a, F32x1 b) => new(MathF.Min(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Max(F32x1 a, F32x1 b) => new(MathF.Max(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 WhereLess(F32x1 x, F32x1 limit, F32x1 below, F32x1 otherwise) => x._v < limit._v ? below : otherwise;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Even(F32x1 low, F32x1 high) => low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(F32x1 even, F32x1 odd, float* to) => (to[0], to[1]) = (even._v, odd._v);

    public static void Turn(float* from, nint fromStride, float* to, nint toStride)
    {
        for (int j = 0; j < 4; j++) to[j * toStride] = from[j];
    }
}
