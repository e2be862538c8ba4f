using ConvTransfer.Engine.Convolution;

namespace ConvTransfer.Engine.Pooling;

/// <summary>The taps of one output that lie in the input, numbered in row-major order.</summary>
internal readonly struct PoolWindow
{
    // Per axis: first tap, number of taps, start; the rank is limited, so that the struct needs no memory of its own.
    private const int MostAxes = 8;
    private readonly Ints _first, _count, _start;

    public PoolWindow(WindowAxis[] axes, int output)
    {
        Count = 1;
        PaddedCount = 1;
        for (int a = axes.Length - 1; a >= 0; a--)
        {
            int o = output % axes[a].Output;
            output /= axes[a].Output;
            var (first, end) = PoolGeometry.InInput(axes[a], o);
            _first[a] = first;
            _count[a] = end - first;
            _start[a] = axes[a].First(o);
            Count *= end - first;
            PaddedCount *= PoolGeometry.InPadded(axes[a], o);
        }
    }

    public int Count { get; }

    public int PaddedCount { get; }

    public int Element(WindowAxis[] axes, int tap)
    {
        int element = 0, scale = 1;
        for (int a = axes.Length - 1; a >= 0; a--)
        {
            element += (_start[a] + ((_first[a] + (tap % _count[a])) * axes[a].Dilation)) * scale;
            tap /= _count[a];
            scale *= axes[a].Input;
        }
        return element;
    }

    [System.Runtime.CompilerServices.InlineArray(MostAxes)]
    private struct Ints
    {
        private int _0;
    }
}
