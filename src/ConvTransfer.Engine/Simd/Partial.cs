using System.Runtime.CompilerServices;

namespace ConvTransfer.Engine.Simd;

/// <summary>Reads and writes of a part of a vector, by way of memory of its own: for widths without masked moves.</summary>
internal static unsafe class Partial<V> where V : unmanaged, IVector<V>
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V Load(float* from, int count)
    {
        float* lanes = stackalloc float[V.Count];
        for (int i = 0; i < V.Count; i++) lanes[i] = i < count ? from[i] : 0;
        return V.Load(lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store(V value, float* to, int count)
    {
        float* lanes = stackalloc float[V.Count];
        V.Store(value, lanes);
        for (int i = 0; i < count; i++) to[i] = lanes[i];
    }
}
