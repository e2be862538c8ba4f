using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>(x - mean) / sqrt(variance + epsilon) · scale + shift for each channel of [N, C, positions], in double, with given statistics. Immutable.</summary>
internal sealed unsafe class ChannelNormalization<T, TScale, TStatistics>(nint images, nint channels, nint positions, double epsilon) : CrewWork
    where T : unmanaged, INumber<T> where TScale : unmanaged, INumber<TScale> where TStatistics : unmanaged, INumber<TStatistics>
{
    /// <summary>Computes all channels.</summary>
    /// <param name="x">[N, C, positions].</param>
    /// <param name="scale">[C].</param>
    /// <param name="shift">[C].</param>
    /// <param name="mean">[C].</param>
    /// <param name="variance">[C].</param>
    /// <param name="y">[N, C, positions].</param>
    /// <param name="crew">The threads that may share the work.</param>
    public void Run(T* x, TScale* scale, TScale* shift, TStatistics* mean, TStatistics* variance, T* y, Crew crew)
    {
        if (positions == 0) return;
        void** state = stackalloc void*[] { x, scale, shift, mean, variance, y };
        crew.For(this, state, checked((int)(images * channels)));
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        nint channel = unit % channels, start = unit * positions;
        T* x = (T*)at[0] + start, y = (T*)at[5] + start;
        double mean = double.CreateTruncating(((TStatistics*)at[3])[channel]), variance = double.CreateTruncating(((TStatistics*)at[4])[channel]);
        double factor = double.CreateTruncating(((TScale*)at[1])[channel]) / Math.Sqrt(variance + epsilon), shift = double.CreateTruncating(((TScale*)at[2])[channel]);
        for (nint i = 0; i < positions; i++) y[i] = T.CreateSaturating(((double.CreateTruncating(x[i]) - mean) * factor) + shift);
    }
}
