using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Pooling;

/// <summary>What a pool does with the elements of a window, lane by lane.</summary>
internal interface IPoolOperation
{
    /// <summary>The result of no element.</summary>
    static abstract float Start { get; }

    /// <summary>The result with one element more.</summary>
    static abstract V Combine<V>(V result, V element) where V : unmanaged, IVector<V>;

    /// <summary>The result at the end.</summary>
    /// <param name="result">All elements combined.</param>
    /// <param name="count">How many they were; whole numbers.</param>
    static abstract V Finish<V>(V result, V count) where V : unmanaged, IVector<V>;
}

/// <summary>The greatest element; a NaN wins.</summary>
internal readonly struct MaxOperation : IPoolOperation
{
    public static float Start => float.NegativeInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Combine<V>(V result, V element) where V : unmanaged, IVector<V> => V.Max(result, element);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<V>(V result, V count) where V : unmanaged, IVector<V> => result;
}

/// <summary>The mean, summed in float32.</summary>
internal readonly struct AverageOperation : IPoolOperation
{
    public static float Start => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Combine<V>(V result, V element) where V : unmanaged, IVector<V> => result + element;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<V>(V result, V count) where V : unmanaged, IVector<V> => V.WhereLess(V.Zero, count, result / count, V.Zero);
}
