namespace ConvTransfer.Engine.Convolution;

/// <summary>A window that slides along one spatial axis, for convolutions and pools: all lengths in elements.</summary>
/// <param name="Input">Length of the input, at least 1.</param>
/// <param name="Kernel">Taps of the window, at least 1.</param>
/// <param name="Stride">Step from one output to the next, at least 1.</param>
/// <param name="Dilation">Step from one tap to the next, at least 1.</param>
/// <param name="PadBegin">Elements put in front of the input.</param>
/// <param name="PadEnd">Elements put behind the input.</param>
/// <param name="Output">Length of the output.</param>
internal readonly record struct WindowAxis(int Input, int Kernel, int Stride, int Dilation, int PadBegin, int PadEnd, int Output)
{
    /// <summary>The input index that tap 0 of an output sees; negative in the padding.</summary>
    public int First(int output) => (output * Stride) - PadBegin;

    /// <summary>The length that the window spans, taps and gaps: (kernel − 1) · dilation + 1.</summary>
    /// <exception cref="OverflowException">It does not fit 64 bits.</exception>
    public static long Span(long kernel, long dilation) => checked(((kernel - 1) * dilation) + 1);

    /// <summary>The number of positions of a window: ⌊(input − span + padBegin + padEnd) / stride⌋ + 1, with dilation 1 the textbook's ⌊(w_in − w_k + 2p) / s⌋ + 1. Below 1 the window is longer than the padded input.</summary>
    /// <param name="input">Length of the input.</param>
    /// <param name="span">The window's <see cref="Span"/>.</param>
    /// <param name="stride">Step from one output to the next.</param>
    /// <param name="padBegin">Elements in front.</param>
    /// <param name="padEnd">Elements behind.</param>
    /// <param name="ceil">True to round up; a window that would start in the padding behind the input is then left out (ONNX MaxPool-22 and AveragePool-22).</param>
    /// <exception cref="OverflowException">A length does not fit 64 bits.</exception>
    public static long OutputLength(long input, long span, long stride, long padBegin, long padEnd, bool ceil = false)
    {
        long room = checked(input + padBegin + padEnd - span);
        if (room < 0) return 0;
        long output = (room / stride) + 1;
        if (ceil && room % stride != 0 && checked(output * stride) < input + padBegin) output++;
        return output;
    }

    /// <summary>The padding of auto_pad SAME: so much that the output's length is ⌈input / stride⌉; an odd element goes behind (SAME_UPPER) or in front (SAME_LOWER).</summary>
    public static (long Begin, long End) SamePadding(long input, long span, long stride, bool upper)
    {
        long output = checked(input + stride - 1) / stride;
        long total = Math.Max(0, checked(((output - 1) * stride) + span - input));
        long less = total / 2;
        return upper ? (less, total - less) : (total - less, less);
    }
}
