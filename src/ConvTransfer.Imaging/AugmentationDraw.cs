using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;

namespace ConvTransfer.Imaging;

/// <summary>What an augmentation does to one view of one picture: everything that is random, drawn.</summary>
/// <param name="Geometry">Where its pixels come from.</param>
/// <param name="Colour">What happens to its colours.</param>
/// <param name="Erased">The rectangle of the input that is set to 0, or null.</param>
internal readonly record struct AugmentationDraw(ViewGeometry Geometry, ColourFactors Colour, ResampleWindow? Erased)
{
    // Each choice has random numbers of its own: adding one to an augmentation leaves the others as they were.
    private enum Purpose
    {
        Mirror = 31,
        UpsideDown,
        ResizedCrop,
        Crop,
        Rotation,
        Colour,
        Erasing,
        ErasedArea,
    }

    /// <summary>Draws a view.</summary>
    /// <param name="augmentation">What may be drawn.</param>
    /// <param name="key">Which view.</param>
    /// <param name="plain">The geometry of the unvaried picture.</param>
    public static AugmentationDraw Of(Augmentation augmentation, ViewKey key, ViewGeometry plain)
    {
        CounterRandom For(Purpose purpose) => new(key.Seed, key.View, key.Sample, (long)purpose);
        bool Happens(double probability, Purpose purpose) => probability > 0 && For(purpose).NextDouble() < probability;

        PixelSize picture = new(plain.Source.Height, plain.Source.Width), size = new(plain.Window.Height, plain.Window.Width);
        var geometry = plain;
        if (augmentation.ResizedCrop is { } part)
            geometry = new ViewGeometry(part.Draw(For(Purpose.ResizedCrop), picture) ?? part.Middle(picture), size, new ResampleWindow(0, 0, size.Height, size.Width));
        if (augmentation.CropPadding is { } padding)
            geometry = geometry with { Window = Crop(For(Purpose.Crop), geometry.Resized, size, padding) };
        geometry = geometry with
        {
            Degrees = augmentation.RotationDegrees == 0 ? 0 : Around(0, augmentation.RotationDegrees, For(Purpose.Rotation).NextDouble()),
            Mirrored = Happens(augmentation.HorizontalFlip, Purpose.Mirror),
            UpsideDown = Happens(augmentation.VerticalFlip, Purpose.UpsideDown),
        };
        var erased = Happens(augmentation.Erasing, Purpose.Erasing) ? augmentation.ErasedArea.Draw(For(Purpose.ErasedArea), size) : null;
        return new AugmentationDraw(geometry, Colours(augmentation, For(Purpose.Colour)), erased);
    }

    private static ResampleWindow Crop(CounterRandom random, PixelSize resized, PixelSize size, int padding)
    {
        int Places(int length, int part) => (int)Math.Min(int.MaxValue, length + (2L * padding) - part + 1);
        int top = random.Next(Places(resized.Height, size.Height)) - padding, left = random.Next(Places(resized.Width, size.Width)) - padding;
        return new ResampleWindow(top, left, size.Height, size.Width);
    }

    private static ColourFactors Colours(Augmentation a, CounterRandom random)
    {
        double brightness = Around(1, a.Brightness, random.NextDouble()), contrast = Around(1, a.Contrast, random.NextDouble());
        double saturation = Around(1, a.Saturation, random.NextDouble()), hue = Around(0, a.Hue, random.NextDouble());
        return new ColourFactors(brightness, contrast, saturation, hue);
    }

    private static double Around(double middle, double span, double uniform) => middle + (span * ((2 * uniform) - 1));
}
