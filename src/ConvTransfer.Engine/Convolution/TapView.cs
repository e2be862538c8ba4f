namespace ConvTransfer.Engine.Convolution;

/// <summary>One tap of a window over all output positions: which outputs of an output row find it inside the input, and where. An output row is a run along the last axis.</summary>
internal readonly struct TapView
{
    private readonly WindowAxis[] _axes;
    private readonly int _shift, _outerTap;

    public TapView(WindowAxis[] axes, int tap)
    {
        _axes = axes;
        var last = axes[^1];
        _outerTap = tap / last.Kernel;
        _shift = (tap % last.Kernel * last.Dilation) - last.PadBegin;
        Rows = 1;
        for (int a = 0; a < axes.Length - 1; a++) Rows *= axes[a].Output;
        // 0 ≤ o · stride + shift < input.
        From = _shift >= 0 ? 0 : (int)(((long)-_shift + last.Stride - 1) / last.Stride);
        To = _shift >= last.Input ? 0 : Math.Min(last.Output, ((last.Input - 1 - _shift) / last.Stride) + 1);
    }

    /// <summary>The number of output rows.</summary>
    public int Rows { get; }

    /// <summary>The first output of every row whose tap lies inside.</summary>
    public int From { get; }

    /// <summary>The end of these outputs; not above <see cref="From"/> where there are none.</summary>
    public int To { get; }

    /// <summary>The element of an input plane that the tap of a row's output 0 meets; for output o it is o · stride further. Null where the whole row meets padding.</summary>
    public int? Start(int row)
    {
        int start = _shift, scale = _axes[^1].Input, tap = _outerTap;
        for (int a = _axes.Length - 2; a >= 0; a--)
        {
            var axis = _axes[a];
            int i = axis.First(row % axis.Output) + (tap % axis.Kernel * axis.Dilation);
            if (i < 0 || i >= axis.Input) return null;
            row /= axis.Output;
            tap /= axis.Kernel;
            start += i * scale;
            scale *= axis.Input;
        }
        return start;
    }
}
