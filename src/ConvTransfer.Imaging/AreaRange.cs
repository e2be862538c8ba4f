using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;

namespace ConvTransfer.Imaging;

/// <summary>Which rectangles of a picture may be drawn: their share of its area, uniform, and their width over height, uniform in its logarithm.</summary>
public sealed record AreaRange
{
    private const int Attempts = 10;

    /// <summary>Sets the limits.</summary>
    /// <param name="minArea">The least share of the area, above 0.</param>
    /// <param name="maxArea">The greatest share of the area, at most 1.</param>
    /// <param name="minAspect">The least width over height, above 0.</param>
    /// <param name="maxAspect">The greatest width over height.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of its range, or a least one above its greatest.</exception>
    public AreaRange(double minArea, double maxArea, double minAspect, double maxAspect)
    {
        if (!(maxArea > 0 && maxArea <= 1)) throw new ArgumentOutOfRangeException(nameof(maxArea), maxArea, "expected a share above 0, at most 1");
        if (!(minArea > 0 && minArea <= maxArea)) throw new ArgumentOutOfRangeException(nameof(minArea), minArea, FormattableString.Invariant($"expected a share above 0, at most the greatest one, {maxArea}"));
        if (!(maxAspect > 0 && double.IsFinite(maxAspect))) throw new ArgumentOutOfRangeException(nameof(maxAspect), maxAspect, "expected a finite ratio above 0");
        if (!(minAspect > 0 && minAspect <= maxAspect)) throw new ArgumentOutOfRangeException(nameof(minAspect), minAspect, FormattableString.Invariant($"expected a ratio above 0, at most the greatest one, {maxAspect}"));
        (MinArea, MaxArea, MinAspect, MaxAspect) = (minArea, maxArea, minAspect, maxAspect);
    }

    /// <summary>torchvision's RandomResizedCrop: 8 to 100 % of the area, 3 : 4 to 4 : 3.</summary>
    public static AreaRange Torchvision { get; } = new(0.08, 1, 3.0 / 4, 4.0 / 3);

    /// <summary>The least share of the area.</summary>
    public double MinArea { get; }

    /// <summary>The greatest share of the area.</summary>
    public double MaxArea { get; }

    /// <summary>The least width over height.</summary>
    public double MinAspect { get; }

    /// <summary>The greatest width over height.</summary>
    public double MaxAspect { get; }

    /// <summary>A random rectangle at a random place, its sides rounded to pixels; null when ten of them did not fit into the picture.</summary>
    internal ResampleWindow? Draw(CounterRandom random, PixelSize whole)
    {
        double pixels = (double)whole.Height * whole.Width, low = Math.Log(MinAspect), high = Math.Log(MaxAspect);
        for (int i = 0; i < Attempts; i++)
        {
            double area = pixels * (MinArea + ((MaxArea - MinArea) * random.NextDouble()));
            double aspect = Math.Exp(low + ((high - low) * random.NextDouble()));
            double height = Math.Round(Math.Sqrt(area / aspect)), width = Math.Round(Math.Sqrt(area * aspect));
            if (height < 1 || width < 1 || height > whole.Height || width > whole.Width) continue;
            return new ResampleWindow(random.Next(whole.Height - (int)height + 1), random.Next(whole.Width - (int)width + 1), (int)height, (int)width);
        }
        return null;
    }

    /// <summary>The largest rectangle in the middle whose aspect is allowed.</summary>
    internal ResampleWindow Middle(PixelSize whole)
    {
        double aspect = (double)whole.Width / whole.Height;
        int height = aspect < MinAspect ? Math.Clamp((int)Math.Round(whole.Width / MinAspect), 1, whole.Height) : whole.Height;
        int width = aspect > MaxAspect ? Math.Clamp((int)Math.Round(whole.Height * MaxAspect), 1, whole.Width) : whole.Width;
        return new ResampleWindow((whole.Height - height) / 2, (whole.Width - width) / 2, height, width);
    }
}
