using System.Numerics;
using System.Runtime.CompilerServices;

namespace ConvTransfer.Engine.Resampling;

/// <summary>One pass of a separable resize over a tensor seen as [outer, length, inner]. Sums run over the taps in ascending order, each product rounded.</summary>
internal static unsafe class TapPass
{
    /// <summary>Copies the chosen samples (nearest).</summary>
    public static void Pick<T>(T* x, T* y, AxisTaps taps, nint outer, nint inner) where T : unmanaged
    {
        fixed (int* first = taps.First)
        {
            for (nint o = 0; o < outer; o++, x += taps.InputLength * inner)
            {
                if (inner == 1)
                {
                    for (int i = 0; i < taps.OutputLength; i++) *y++ = x[first[i]];
                    continue;
                }
                for (int i = 0; i < taps.OutputLength; i++, y += inner)
                    Buffer.MemoryCopy(x + (first[i] * inner), y, inner * sizeof(T), inner * sizeof(T));
            }
        }
    }

    /// <summary>The weighted sum of float32; the inner axis in vectors, whose lanes are sums of their own, so that the bits are those of <see cref="SumPlain"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(float* x, float* y, AxisTaps taps, nint outer, nint inner)
    {
        if (inner < Vector<float>.Count)
        {
            SumPlain(x, y, taps, outer, inner);
            return;
        }
        fixed (float* weights = taps.Weights)
        fixed (int* first = taps.First)
        fixed (int* count = taps.Count)
        {
            for (nint o = 0; o < outer; o++, x += taps.InputLength * inner)
            {
                for (int i = 0; i < taps.OutputLength; i++, y += inner)
                {
                    float* from = x + (first[i] * inner), w = weights + ((nint)i * taps.Window);
                    nint j = 0;
                    for (; j + Vector<float>.Count <= inner; j += Vector<float>.Count)
                    {
                        var sum = Vector<float>.Zero;
                        float* p = from + j;
                        for (int k = 0; k < count[i]; k++, p += inner) sum += Vector.Load(p) * w[k];
                        sum.Store(y + j);
                    }
                    for (; j < inner; j++)
                    {
                        float sum = 0;
                        for (int k = 0; k < count[i]; k++) sum += from[(k * inner) + j] * w[k];
                        y[j] = sum;
                    }
                }
            }
        }
    }

    /// <summary>The weighted sum in the type's own arithmetic (float or double).</summary>
    public static void SumPlain<T>(T* x, T* y, AxisTaps taps, nint outer, nint inner) where T : unmanaged, INumber<T>
    {
        for (nint o = 0; o < outer; o++, x += taps.InputLength * inner)
        {
            for (int i = 0; i < taps.OutputLength; i++)
            {
                T* from = x + (taps.First[i] * inner);
                for (nint j = 0; j < inner; j++)
                {
                    T sum = T.Zero;
                    for (int k = 0; k < taps.Count[i]; k++) sum += from[(k * inner) + j] * T.CreateTruncating(taps.Weights[(i * taps.Window) + k]);
                    *y++ = sum;
                }
            }
        }
    }
}
