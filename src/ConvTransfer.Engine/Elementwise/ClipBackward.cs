using System.Numerics;
using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Elementwise;

/// <summary>dx = dy where min &lt; y &lt; max, otherwise 0, one element at a time.</summary>
internal sealed unsafe class PlainClipBackward<T>(long count, double min, double max) : ElementLoop(new SpreadGeometry([count], [1], [1])) where T : unmanaged, INumber<T>
{
    private protected override void RunRow(void* x, void* y, void* result, nint row, nint from, nint to)
    {
        T* dy = (T*)x, value = (T*)y, dx = (T*)result;
        for (nint i = from; i < to; i++)
        {
            double v = double.CreateTruncating(value[i]);
            dx[i] = v > min && v < max ? dy[i] : T.Zero;
        }
    }
}

/// <summary>The choice of a vector width for <see cref="ClipBackward{V}"/>.</summary>
internal static class ClipBackward
{
    /// <summary>dx = dy where min &lt; y &lt; max, otherwise 0, over float32.</summary>
    public static ElementLoop Create(long count, float min, float max, VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new ClipBackward<F32x16>(count, min, max),
        VectorWidth.Bits256 => new ClipBackward<F32x8>(count, min, max),
        _ => new ClipBackward<F32x4>(count, min, max),
    };
}

/// <summary>dx = dy where min &lt; y &lt; max, otherwise 0, in vectors.</summary>
internal sealed unsafe class ClipBackward<V>(long count, float min, float max) : ElementLoop(new SpreadGeometry([count], [1], [1])) where V : unmanaged, IVector<V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void RunRow(void* x, void* y, void* result, nint row, nint from, nint to)
    {
        float* dy = (float*)x, value = (float*)y, dx = (float*)result;
        V lower = V.Splat(min), upper = V.Splat(max);
        nint i = from;
        for (; i + V.Count <= to; i += V.Count) V.Store(Masked(V.Load(dy + i), V.Load(value + i), lower, upper), dx + i);
        int rest = (int)(to - i);
        if (rest > 0) V.StorePartial(Masked(V.LoadPartial(dy + i, rest), V.LoadPartial(value + i, rest), lower, upper), dx + i, rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Masked(V dy, V y, V lower, V upper) => V.WhereLess(lower, y, V.WhereLess(y, upper, dy, V.Zero), V.Zero);
}
