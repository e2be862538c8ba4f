using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Epilogues;

/// <summary>Applies bias and the stages of an epilogue to blocks of finished sums, in the order of the stages. Immutable.</summary>
/// <remarks>Each element goes through the same operations wherever it lies, so results do not depend on how the output is cut into blocks.</remarks>
internal sealed unsafe class RowEpilogue
{
    private readonly EpilogueStage[] _stages;

    /// <summary>Creates the routine of an epilogue, or of none.</summary>
    public RowEpilogue(Epilogue? epilogue)
    {
        _stages = epilogue is null ? [] : epilogue.Stages.ToArray();
        FitsTile = Follows(EpilogueKind.ScaleShift, EpilogueKind.Add, EpilogueKind.Clip);
    }

    /// <summary>True when nothing follows the sum but, at most, the bias.</summary>
    public bool IsEmpty => _stages.Length == 0;

    /// <summary>True when the stages are at most one ScaleShift, one Add and one Clip, in this order: then <see cref="TileFinish"/> can do them.</summary>
    public bool FitsTile { get; }

    /// <summary>True when a residual is added.</summary>
    public bool Adds => Find(EpilogueKind.Add) is not null;

    /// <summary>The stage of a kind for <see cref="TileFinish"/>, or null.</summary>
    public EpilogueStage? Find(EpilogueKind kind)
    {
        foreach (var stage in _stages)
            if (stage.Kind == kind) return stage;
        return null;
    }

    /// <summary>Finishes a block whose rows are channels: the layout N, C, positions.</summary>
    /// <param name="sums">[rows][<paramref name="sumStride"/>].</param>
    /// <param name="sumStride">Elements from one row of sums to the next.</param>
    /// <param name="rows">The number of channels.</param>
    /// <param name="columns">The number of positions.</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="bias">A summand for each channel of the output, from channel 0; null for none.</param>
    /// <param name="y">The output's first element.</param>
    /// <param name="offset">The block's first element in the output, and in each residual.</param>
    /// <param name="rowStride">Elements from one row of the output, and of each residual, to the next.</param>
    /// <param name="residuals">The operands of the Add stages.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ApplyRows<V>(float* sums, nint sumStride, int rows, int columns, int channel, float* bias, float* y, nint offset, nint rowStride, float** residuals)
        where V : unmanaged, IVector<V>
    {
        for (int r = 0; r < rows; r++, channel++, sums += sumStride, offset += rowStride)
        {
            for (int j = 0; j < columns; j += V.Count)
            {
                int count = Math.Min(V.Count, columns - j);
                V x = Load<V>(sums + j, count);
                if (bias is not null) x += V.Splat(bias[channel]);
                int add = 0;
                foreach (var stage in _stages)
                {
                    if (stage.Kind == EpilogueKind.ScaleShift) x = V.MulAdd(x, V.Splat(stage.Scale[channel]), V.Splat(stage.Shift[channel]));
                    else x = Pointwise(x, stage, stage.Kind == EpilogueKind.Add ? residuals[add++] + offset + j : null, count);
                }
                Store(x, y + offset + j, count);
            }
        }
    }

    /// <summary>Finishes a block whose columns are channels, in place: a row of a matrix product.</summary>
    /// <param name="y">The output's first element; the block holds its sums.</param>
    /// <param name="offset">The block's first element in the output, and in each residual.</param>
    /// <param name="columns">The number of channels in the block.</param>
    /// <param name="channel">The first channel.</param>
    /// <param name="residuals">The operands of the Add stages.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ApplyColumns<V>(float* y, nint offset, int columns, int channel, float** residuals)
        where V : unmanaged, IVector<V>
    {
        for (int j = 0; j < columns; j += V.Count)
        {
            int count = Math.Min(V.Count, columns - j);
            V x = Load<V>(y + offset + j, count);
            int add = 0;
            foreach (var stage in _stages)
            {
                if (stage.Kind == EpilogueKind.ScaleShift)
                {
                    fixed (float* scale = stage.Scale, shift = stage.Shift) x = V.MulAdd(x, Load<V>(scale + channel + j, count), Load<V>(shift + channel + j, count));
                }
                else
                {
                    x = Pointwise(x, stage, stage.Kind == EpilogueKind.Add ? residuals[add++] + offset + j : null, count);
                }
            }
            Store(x, y + offset + j, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Pointwise<V>(V x, EpilogueStage stage, float* residual, int count) where V : unmanaged, IVector<V> => stage.Kind switch
    {
        EpilogueKind.Add => x + Load<V>(residual, count),
        EpilogueKind.Clip => TileFinish.Clip(x, V.Splat(stage.Minimum), V.Splat(stage.Maximum)),
        EpilogueKind.LeakyRelu => V.WhereLess(x, V.Zero, x * V.Splat(stage.Slope), x),
        _ => throw new InvalidOperationException($"{stage.Kind} is not a pointwise stage"),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load<V>(float* from, int count) where V : unmanaged, IVector<V> => count == V.Count ? V.Load(from) : V.LoadPartial(from, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V>(V x, float* to, int count) where V : unmanaged, IVector<V>
    {
        if (count == V.Count) V.Store(x, to);
        else V.StorePartial(x, to, count);
    }

    // True when the stages' kinds are a part of the given sequence, in its order, each at most once.
    private bool Follows(params ReadOnlySpan<EpilogueKind> sequence)
    {
        int at = 0;
        foreach (var stage in _stages)
        {
            while (at < sequence.Length && sequence[at] != stage.Kind) at++;
            if (at++ == sequence.Length) return false;
        }
        return true;
    }
}
