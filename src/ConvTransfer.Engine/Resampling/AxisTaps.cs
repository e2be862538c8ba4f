namespace ConvTransfer.Engine.Resampling;

/// <summary>For each output position of one axis: the run of input samples that it reads, and their weights.</summary>
/// <remarks>
/// All arithmetic is in float32 and in ONNX Runtime 1.31.1's order: nearest and the 8-bit filter depend on the last bit of a position.
/// A sample outside the input is folded into the edge sample (or dropped with exclude_outside), so a run always lies inside the input.
/// </remarks>
internal sealed class AxisTaps
{
    private AxisTaps(int inputLength, int outputLength, int window)
    {
        InputLength = inputLength;
        Window = window;
        First = new int[outputLength];
        Count = new int[outputLength];
        Weights = new float[checked(outputLength * window)];
    }

    /// <summary>Samples of the input axis.</summary>
    public int InputLength { get; }

    /// <summary>Positions of the output axis, or of the part of it that was asked for.</summary>
    public int OutputLength => First.Length;

    /// <summary>The distance in <see cref="Weights"/> from one output position to the next.</summary>
    public int Window { get; }

    /// <summary>The first input sample of each output position.</summary>
    public int[] First { get; }

    /// <summary>The number of input samples of each output position, at least 1.</summary>
    public int[] Count { get; }

    /// <summary>The weights: those of position i begin at i times <see cref="Window"/>.</summary>
    public float[] Weights { get; }

    /// <summary>For each output position whether it takes the extrapolation value; null when none does.</summary>
    public bool[]? Outside { get; private set; }

    /// <summary>True when every position reads just the sample of the same number, with weight 1.</summary>
    public bool IsIdentity { get; private set; }

    /// <summary>Computes the taps of one axis.</summary>
    /// <param name="settings">What the operator's attributes say.</param>
    /// <param name="inputLength">Samples of the axis, at least 1.</param>
    /// <param name="outputLength">Positions of the resized axis.</param>
    /// <param name="scale">The factor as the operator gives it; output over input length where only sizes are given.</param>
    /// <param name="roiStart">Start of the region of interest, 0 to 1 of the axis.</param>
    /// <param name="roiEnd">End of the region of interest.</param>
    /// <param name="from">The first position wanted.</param>
    /// <param name="count">The number of positions wanted; -1 for all.</param>
    public static AxisTaps Build(ResizeSettings settings, int inputLength, int outputLength, float scale, float roiStart = 0, float roiEnd = 1, int from = 0, int count = -1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputLength);
        if (!(scale > 0) || float.IsInfinity(scale)) throw new ArgumentOutOfRangeException(nameof(scale), scale, "a scale must be positive and finite");
        if (count < 0) count = outputLength - from;
        var axis = new AxisMap(settings.Coordinates, inputLength, outputLength, scale, roiStart, roiEnd);
        var taps = settings.Mode switch
        {
            ResizeMode.Nearest => Nearest(settings, axis, from, count),
            _ when settings.Antialias => Stretched(settings, axis, from, count),
            _ => Plain(settings, axis, from, count),
        };
        if (settings.Coordinates == CoordinateMode.TfCropAndResize) taps.MarkOutside(axis, from);
        taps.IsIdentity = taps.FindIdentity();
        return taps;
    }

    private static AxisTaps Nearest(ResizeSettings settings, AxisMap axis, int from, int count)
    {
        var taps = new AxisTaps(axis.InputLength, count, 1);
        for (int i = 0; i < count; i++)
        {
            float x = axis.Original(from + i);
            float rounded = settings.Nearest switch
            {
                NearestRounding.RoundPreferFloor => x == MathF.Floor(x) + 0.5f ? MathF.Floor(x) : MathF.Round(x, MidpointRounding.AwayFromZero),
                NearestRounding.RoundPreferCeil => MathF.Round(x, MidpointRounding.AwayFromZero),
                NearestRounding.Floor => MathF.Floor(x),
                NearestRounding.Ceil => MathF.Ceiling(x),
                _ => axis.Scale < 1 ? MathF.Ceiling(x) : MathF.Truncate(x),
            };
            taps.First[i] = (int)Math.Clamp(rounded, 0f, axis.InputLength - 1);
            taps.Count[i] = 1;
            taps.Weights[i] = 1;
        }
        return taps;
    }

    /// <summary>Two taps for linear, four for cubic, of unit spacing.</summary>
    private static AxisTaps Plain(ResizeSettings settings, AxisMap axis, int from, int count)
    {
        int width = settings.Mode == ResizeMode.Linear ? 2 : 4;
        var taps = new AxisTaps(axis.InputLength, count, width);
        Span<float> w = stackalloc float[4];
        for (int i = 0; i < count; i++)
        {
            float x = axis.Original(from + i);
            // Linear holds the edge value outside; clamping the position says the same and keeps the run inside.
            if (width == 2) x = Math.Clamp(x, 0f, axis.InputLength - 1);
            x = Math.Clamp(x, -4f, axis.InputLength + 4f);
            float floor = MathF.Floor(x), t = x - floor;
            int first = (int)floor - ((width / 2) - 1);
            for (int k = 0; k < width; k++)
            {
                float distance = MathF.Abs(t + ((width / 2) - 1) - k);
                w[k] = width == 2 ? MathF.Max(0, 1 - distance) : CubicKernel(distance, settings.CubicA);
            }
            taps.Put(i, first, w[..width], settings.ExcludeOutside && width == 4, normalise: settings.ExcludeOutside && width == 4);
        }
        return taps;
    }

    /// <summary>The antialias filter: the kernel's width grows with 1 / scale.</summary>
    private static AxisTaps Stretched(ResizeSettings settings, AxisMap axis, int from, int count)
    {
        float step = 1.0f / axis.Scale, half = settings.Mode == ResizeMode.Linear ? 1.0f : 2.0f;
        float support = step >= 1.0f ? half * step : half, inverse = step >= 1.0f ? 1.0f / step : 1.0f;
        int window = checked(((int)MathF.Ceiling(support) * 2) + 1);
        var taps = new AxisTaps(axis.InputLength, count, window);
        var w = new float[window];
        for (int i = 0; i < count; i++)
        {
            float center = 0.5f + (step == 1.0f ? from + i : axis.Original(from + i));
            long min = (long)MathF.Floor(center - support + 0.5f), max = (long)MathF.Floor(center + support + 0.5f);
            if (settings.ExcludeOutside)
            {
                min = Math.Max(min, 0);
                max = Math.Min(max, axis.InputLength);
            }
            int n = (int)Math.Clamp(max - min, 0, window);
            for (int k = 0; k < n; k++)
            {
                float x = MathF.Abs((k + min - center + 0.5f) * inverse);
                w[k] = settings.Mode == ResizeMode.Linear ? MathF.Max(0, 1.0f - x) : CubicKernel(x, settings.CubicA);
            }
            taps.Put(i, min, w.AsSpan(0, n), settings.ExcludeOutside, normalise: true);
        }
        return taps;
    }

    /// <summary>Keys' cubic convolution kernel at distance x, in the order of operations that decides the last bit of the 8-bit filter.</summary>
    private static float CubicKernel(float x, float a)
    {
        if (x < 1.0f) return ((((a + 2.0f) * x) - (a + 3.0f)) * x * x) + 1;
        return x < 2.0f ? ((((x - 5.0f) * x) + 8.0f) * x - 4.0f) * a : 0.0f;
    }

    private void Put(int i, long first, ReadOnlySpan<float> w, bool exclude, bool normalise)
    {
        long low = Math.Clamp(first, 0, InputLength - 1), high = Math.Clamp(first + w.Length, low + 1, InputLength);
        var target = Weights.AsSpan(i * Window, (int)(high - low));
        float total = 0;
        for (int k = 0; k < w.Length; k++)
        {
            long sample = first + k;
            if (exclude && (sample < 0 || sample >= InputLength)) continue;
            total += w[k];
            target[(int)(Math.Clamp(sample, low, high - 1) - low)] += w[k];
        }
        First[i] = (int)low;
        Count[i] = target.Length;
        if (!normalise) return;
        float inverse = total == 0.0f ? 1.0f : 1.0f / total;
        foreach (ref float weight in target) weight *= inverse;
    }

    private void MarkOutside(AxisMap axis, int from)
    {
        var outside = new bool[OutputLength];
        bool any = false;
        for (int i = 0; i < outside.Length; i++)
        {
            float x = axis.Original(from + i);
            outside[i] = !(x >= 0 && x <= axis.InputLength - 1);
            any |= outside[i];
        }
        Outside = any ? outside : null;
    }

    private bool FindIdentity()
    {
        if (OutputLength != InputLength || Outside is not null) return false;
        for (int i = 0; i < OutputLength; i++)
        {
            for (int k = 0; k < Count[i]; k++)
                if (Weights[(i * Window) + k] != (First[i] + k == i ? 1 : 0)) return false;
            if (i < First[i] || i >= First[i] + Count[i]) return false;
        }
        return true;
    }
}
