namespace ConvTransfer.Imaging;

/// <summary>One change of colours: brightness, contrast and saturation as factors, hue as a share of the circle. Their defaults change nothing.</summary>
/// <remarks>
/// With luma L = 0.299 R + 0.587 G + 0.114 B: levels are multiplied by the brightness; their distance from the picture's mean luma by the contrast; their distance
/// from L by the saturation; (B - L) / 1.772 and (R - L) / 1.402 are turned by the hue. All four are linear, so a pixel goes through one matrix and one summand, and is
/// rounded and held in 0 to 255 once.
/// </remarks>
internal readonly record struct ColourFactors(double Brightness = 1, double Contrast = 1, double Saturation = 1, double Hue = 0)
{
    private const double Red = 0.299, Green = 0.587, Blue = 0.114, BlueSpan = 1.772, RedSpan = 1.402;

    /// <summary>Changes nothing.</summary>
    public static ColourFactors None { get; } = new(1, 1, 1, 0);

    /// <summary>Changes a picture in place.</summary>
    /// <param name="pixels">Levels, interleaved channels: red, green, blue, or grey.</param>
    /// <param name="channels">3 or 1.</param>
    public void Apply(Span<byte> pixels, int channels)
    {
        if (this == None || pixels.IsEmpty) return;
        double gain = Brightness * Contrast, offset = (1 - Contrast) * Brightness * MeanLuma(pixels, channels);
        if (channels == 1) ApplyGrey(pixels, (float)gain, (float)offset);
        else ApplyColour(pixels, gain, (float)offset);
    }

    private static void ApplyGrey(Span<byte> pixels, float gain, float offset)
    {
        foreach (ref byte level in pixels) level = Level((gain * level) + offset);
    }

    private void ApplyColour(Span<byte> pixels, double gain, float offset)
    {
        Span<float> m = stackalloc float[9];
        for (int c = 0; c < 3; c++)
        {
            var (r, g, b) = Chroma(c == 0 ? 1 : 0, c == 1 ? 1 : 0, c == 2 ? 1 : 0);
            (m[c], m[3 + c], m[6 + c]) = ((float)(gain * r), (float)(gain * g), (float)(gain * b));
        }
        for (int i = 0; i < pixels.Length; i += 3)
        {
            float r = pixels[i], g = pixels[i + 1], b = pixels[i + 2];
            pixels[i] = Level((m[0] * r) + (m[1] * g) + (m[2] * b) + offset);
            pixels[i + 1] = Level((m[3] * r) + (m[4] * g) + (m[5] * b) + offset);
            pixels[i + 2] = Level((m[6] * r) + (m[7] * g) + (m[8] * b) + offset);
        }
    }

    // Saturation and hue of one colour; luma stays.
    private (double R, double G, double B) Chroma(double r, double g, double b)
    {
        double luma = (Red * r) + (Green * g) + (Blue * b);
        double cb = Saturation * (b - luma) / BlueSpan, cr = Saturation * (r - luma) / RedSpan;
        double cos = Math.Cos(2 * Math.PI * Hue), sin = Math.Sin(2 * Math.PI * Hue);
        (cb, cr) = ((cos * cb) - (sin * cr), (sin * cb) + (cos * cr));
        return (luma + (RedSpan * cr), luma - (((Red * RedSpan * cr) + (Blue * BlueSpan * cb)) / Green), luma + (BlueSpan * cb));
    }

    private static double MeanLuma(ReadOnlySpan<byte> pixels, int channels)
    {
        long red = 0, green = 0, blue = 0;
        for (int i = 0; i < pixels.Length; i += channels)
        {
            red += pixels[i];
            if (channels == 1) continue;
            green += pixels[i + 1];
            blue += pixels[i + 2];
        }
        double sum = channels == 1 ? red : (Red * red) + (Green * green) + (Blue * blue);
        return sum / (pixels.Length / channels);
    }

    private static byte Level(float value) => (byte)(Math.Clamp(value, 0f, 255f) + 0.5f);
}
