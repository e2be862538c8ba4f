namespace ConvTransfer.Engine.Convolution;

/// <summary>
/// Along one axis, the inputs i = a, a + stride, a + 2 · stride … of a convolution: their gradient is a convolution of dY with stride 1, whose taps are those that meet these inputs, in turned order.
/// </summary>
/// <remarks>
/// Input i and output o meet through tap t where i + pad = o · stride + t · dilation. With i + pad = q · stride + r this needs t · dilation ≡ r (mod stride), which every (stride / gcd)-th tap fulfils,
/// and then o = q − (t · dilation − r) / stride: q steps by one from input to input, o by dilation / gcd from tap to tap. Stride 1 has one such phase with all taps.
/// </remarks>
internal sealed class GradientPhase
{
    /// <summary>Finds the phase.</summary>
    /// <param name="axis">The axis of the convolution itself.</param>
    /// <param name="first">a: 0 … stride − 1.</param>
    public GradientPhase(WindowAxis axis, int first)
    {
        int remainder = (first + axis.PadBegin) % axis.Stride, step = 1;
        var taps = new List<int>();
        for (int tap = axis.Kernel - 1; tap >= 0; tap--)
            if (tap * (long)axis.Dilation % axis.Stride == remainder) taps.Add(tap);
        Taps = [.. taps];
        Count = Math.Max(0, (axis.Input - first + axis.Stride - 1) / axis.Stride);
        if (Taps.Length == 0) return;
        if (Taps.Length > 1) step = (Taps[0] - Taps[1]) * axis.Dilation / axis.Stride;
        int padBegin = ((Taps[0] * axis.Dilation) - remainder) / axis.Stride, span = (int)WindowAxis.Span(Taps.Length, step);
        padBegin -= (first + axis.PadBegin) / axis.Stride;
        Axis = new WindowAxis(axis.Output, Taps.Length, 1, step, padBegin, Count - 1 + span - padBegin - axis.Output, Count);
    }

    /// <summary>The taps that meet these inputs, the last one first; none where their gradient is 0.</summary>
    public int[] Taps { get; }

    /// <summary>The number of inputs.</summary>
    public int Count { get; }

    /// <summary>The axis of the convolution of dY; its pads may be negative. Undefined without taps.</summary>
    public WindowAxis Axis { get; }
}
