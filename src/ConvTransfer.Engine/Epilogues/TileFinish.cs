using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Epilogues;

/// <summary>What the micro-kernel applies to a whole tile, a row being a channel: + bias, then · scale + shift, then + residual, then the clip. Parts may be missing.</summary>
/// <remarks>
/// The first of bias and scale is applied in registers, before the tile is stored, and the clip too where nothing else lies between; the rest takes a second pass over the stored tile.
/// The operations and their order are those of <see cref="RowEpilogue"/>, which serves partial tiles and all other sequences of stages: both give the same bits.
/// </remarks>
internal unsafe struct TileFinish
{
    /// <summary>A summand for each row; null for none.</summary>
    public float* Bias;

    /// <summary>A factor for each row; null for none.</summary>
    public float* Scale;

    /// <summary>A summand for each row, beside <see cref="Scale"/>.</summary>
    public float* Shift;

    /// <summary>A summand for each element, [rows][<see cref="ResidualStride"/>]; null for none.</summary>
    public float* Residual;

    /// <summary>Elements from one row of the residual to the next.</summary>
    public nint ResidualStride;

    /// <summary>The least result; negative infinity for no clip.</summary>
    public float Minimum;

    /// <summary>The greatest result; infinity for no clip.</summary>
    public float Maximum;

    /// <summary>True when <see cref="Apply"/> must go over the stored tile.</summary>
    public readonly bool HasSecondPass => Residual is not null || (Bias is not null && Scale is not null);

    /// <summary>Applies what follows the first part to a vector of a row.</summary>
    /// <param name="x">The sums, after the first part.</param>
    /// <param name="row">The row in the tile.</param>
    /// <param name="column">The first column of the vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly V Apply<V>(V x, int row, int column) where V : unmanaged, IVector<V>
    {
        if (Bias is not null && Scale is not null) x = V.MulAdd(x, V.Splat(Scale[row]), V.Splat(Shift[row]));
        if (Residual is not null) x += V.Load(Residual + (row * ResidualStride) + column);
        return Clip(x, V.Splat(Minimum), V.Splat(Maximum));
    }

    /// <summary>x below the minimum becomes the minimum, x above the maximum the maximum; NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Clip<V>(V x, V minimum, V maximum) where V : unmanaged, IVector<V> =>
        V.WhereLess(x, minimum, minimum, V.WhereLess(maximum, x, maximum, x));
}
