using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>Local response normalization over neighbouring channels of [N, C, positions]: x / (bias + alpha / size · Σ x²)^beta, in double. Immutable; allocates nothing when it runs.</summary>
/// <remarks>Source: ONNX LRN-13 and Krizhevsky, Sutskever and Hinton 2012, section 3.3. The window of channel c runs from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2).</remarks>
internal sealed unsafe class LocalResponseLoop<T>(nint images, nint channels, nint positions, long size, double alpha, double beta, double bias) : CrewWork where T : unmanaged, INumber<T>
{
    private const int Block = 64;

    /// <summary>Computes all elements.</summary>
    public void Run(T* x, T* y, Crew crew)
    {
        if (channels == 0) return;
        void** state = stackalloc void*[] { x, y };
        crew.For(this, state, checked((int)(images * ((positions + Block - 1) / Block))));
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        T** at = (T**)state;
        nint blocks = (positions + Block - 1) / Block, image = unit / blocks, first = unit % blocks * Block;
        int count = (int)Math.Min(Block, positions - first);
        nint start = (image * channels * positions) + first, below = (nint)((size - 1) / 2), above = (nint)(size - 1) - below;
        double* squares = stackalloc double[Block];
        for (nint c = 0; c < channels; c++)
        {
            new Span<double>(squares, count).Clear();
            nint end = Math.Min(channels - 1, c + above);
            for (nint other = Math.Max(0, c - below); other <= end; other++)
            {
                T* p = at[0] + start + (other * positions);
                for (int i = 0; i < count; i++)
                {
                    double value = double.CreateTruncating(p[i]);
                    squares[i] += value * value;
                }
            }
            T* x = at[0] + start + (c * positions), y = at[1] + start + (c * positions);
            for (int i = 0; i < count; i++) y[i] = T.CreateSaturating(double.CreateTruncating(x[i]) / Math.Pow(bias + (alpha / size * squares[i]), beta));
        }
    }
}
