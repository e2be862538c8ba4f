using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>(x - mean) / sqrt(variance + epsilon) · scale + shift for each channel of [N, C, positions], in double. The statistics are given, or are those of each image's channel. Immutable.</summary>
internal sealed unsafe class ChannelNormalization<T, TScale, TStatistics>(nint images, nint channels, nint positions, double epsilon, bool ofEachImage) : CrewWork
    where T : unmanaged, INumber<T> where TScale : unmanaged, INumber<TScale> where TStatistics : unmanaged, INumber<TStatistics>
{
    /// <summary>Computes all channels.</summary>
    /// <param name="x">[N, C, positions].</param>
    /// <param name="scale">[C].</param>
    /// <param name="shift">[C].</param>
    /// <param name="mean">[C]; not read where each image has its own.</param>
    /// <param name="variance">[C]; not read where each image has its own.</param>
    /// <param name="y">[N, C, positions].</param>
    /// <param name="crew">The threads that may share the work.</param>
    public void Run(T* x, TScale* scale, TScale* shift, TStatistics* mean, TStatistics* variance, T* y, Crew crew)
    {
        void** state = stackalloc void*[] { x, scale, shift, mean, variance, y };
        crew.For(this, state, checked((int)(images * channels)));
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        nint channel = unit % channels, start = unit * positions;
        T* x = (T*)at[0] + start, y = (T*)at[5] + start;
        var (mean, variance) = ofEachImage ? Moments(x) : (double.CreateTruncating(((TStatistics*)at[3])[channel]), double.CreateTruncating(((TStatistics*)at[4])[channel]));
        double factor = double.CreateTruncating(((TScale*)at[1])[channel]) / Math.Sqrt(variance + epsilon), shift = double.CreateTruncating(((TScale*)at[2])[channel]);
        for (nint i = 0; i < positions; i++) y[i] = T.CreateSaturating(((double.CreateTruncating(x[i]) - mean) * factor) + shift);
    }

    private (double Mean, double Variance) Moments(T* x)
    {
        double sum = 0, squares = 0;
        for (nint i = 0; i < positions; i++) sum += double.CreateTruncating(x[i]);
        double mean = sum / positions;
        for (nint i = 0; i < positions; i++)
        {
            double off = double.CreateTruncating(x[i]) - mean;
            squares += off * off;
        }
        return (mean, squares / positions);
    }
}
