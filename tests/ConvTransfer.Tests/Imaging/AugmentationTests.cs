using ConvTransfer.Engine.Resampling;
using ConvTransfer.Imaging;

namespace ConvTransfer.Tests.Imaging;

public sealed class AugmentationTests
{
    private const int Draws = 4000;
    private static readonly ViewGeometry Plain = new(new ResampleWindow(0, 0, 60, 90), new PixelSize(40, 60), new ResampleWindow(4, 14, 32, 32));

    public static TheoryData<string, Action> Refused => new()
    {
        { "a negative probability", () => _ = new Augmentation { HorizontalFlip = -0.1 } },
        { "a probability above 1", () => _ = new Augmentation { VerticalFlip = 1.1 } },
        { "no number", () => _ = new Augmentation { Erasing = double.NaN } },
        { "a negative padding", () => _ = new Augmentation { CropPadding = -1 } },
        { "a large padding", () => _ = new Augmentation { CropPadding = 40000 } },
        { "more than a half turn", () => _ = new Augmentation { RotationDegrees = 181 } },
        { "brightness", () => _ = new Augmentation { Brightness = 1.5 } },
        { "contrast", () => _ = new Augmentation { Contrast = -1 } },
        { "saturation", () => _ = new Augmentation { Saturation = double.PositiveInfinity } },
        { "hue", () => _ = Augmentation.None with { Hue = 0.6 } },
        { "no area", () => _ = new AreaRange(0, 1, 1, 1) },
        { "more than the whole area", () => _ = new AreaRange(0.5, 1.1, 1, 1) },
        { "areas in the wrong order", () => _ = new AreaRange(0.5, 0.4, 1, 1) },
        { "a negative aspect", () => _ = new AreaRange(0.5, 1, -1, 1) },
        { "aspects in the wrong order", () => _ = new AreaRange(0.5, 1, 2, 1) },
        { "an endless aspect", () => _ = new AreaRange(0.5, 1, 1, double.PositiveInfinity) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void AValueOutOfItsRangeIsRefused(string what, Action make)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(make);
        Assert.True(e.Message.Contains("expected", StringComparison.Ordinal), what);
    }

    [Fact]
    public void NothingIsVariedByDefault()
    {
        Assert.Equal(Augmentation.None, new Augmentation());
        Assert.True(new Augmentation { ErasedArea = AreaRange.Torchvision }.IsNone);
        Assert.False(Augmentation.Flips.IsNone);
        var expected = new AugmentationDraw(Plain, ColourFactors.None, Erased: null);
        for (int i = 0; i < 100; i++) Assert.Equal(expected, AugmentationDraw.Of(Augmentation.None, new ViewKey(i, i, i), Plain));
    }

    [Fact]
    public void EqualAugmentationsHaveEqualTexts()
    {
        Augmentation[] all =
        [
            Augmentation.None, Augmentation.Flips, Augmentation.Light, new() { VerticalFlip = 0.5 }, new() { CropPadding = 0 }, new() { CropPadding = 4 }, new() { ResizedCrop = AreaRange.Torchvision },
            new() { RotationDegrees = 5 }, new() { Brightness = 0.5 }, new() { Contrast = 0.5 }, new() { Saturation = 0.5 }, new() { Hue = 0.5 }, new() { Erasing = 0.5 }, new() { ErasedArea = AreaRange.Torchvision },
        ];
        Assert.Equal(all.Length, all.Select(a => a.ToJson()).Distinct().Count());
        foreach (var a in all) Assert.Equal(a.ToJson(), (a with { }).ToJson());
    }

    [Fact]
    public void AFlipHappensAsOftenAsItShould()
    {
        var augmentation = new Augmentation { HorizontalFlip = 0.5, VerticalFlip = 0.2 };
        var draws = Many(augmentation);
        Assert.InRange(draws.Count(d => d.Geometry.Mirrored), 0.46 * Draws, 0.54 * Draws);
        Assert.InRange(draws.Count(d => d.Geometry.UpsideDown), 0.17 * Draws, 0.23 * Draws);
        // The two are independent of each other.
        Assert.InRange(draws.Count(d => d.Geometry.Mirrored && d.Geometry.UpsideDown), 0.08 * Draws, 0.12 * Draws);
    }

    [Fact]
    public void ACropTakesEveryPlaceOfThePaddedPicture()
    {
        var windows = Many(new Augmentation { CropPadding = 3 }).Select(d => d.Geometry.Window).ToArray();
        Assert.All(windows, w => Assert.Equal((32, 32), (w.Height, w.Width)));
        Assert.Equal(Enumerable.Range(-3, 40 - 32 + 7), windows.Select(w => w.Top).Distinct().Order());
        Assert.Equal(Enumerable.Range(-3, 60 - 32 + 7), windows.Select(w => w.Left).Distinct().Order());
    }

    [Fact]
    public void AResizedCropKeepsItsLimits()
    {
        var range = new AreaRange(0.2, 0.7, 0.5, 2.0);
        var draws = Many(new Augmentation { ResizedCrop = range });
        foreach (var source in draws.Select(d => d.Geometry.Source))
        {
            Assert.True(source.LiesIn(60, 90));
            // A side is off by half a pixel at most.
            Assert.InRange((double)source.Height * source.Width / (60 * 90), 0.2 * 0.95, 0.7 * 1.05);
            Assert.InRange((double)source.Width / source.Height, 0.5 * 0.95, 2.0 * 1.05);
        }
        Assert.All(draws, d => Assert.Equal((new PixelSize(32, 32), new ResampleWindow(0, 0, 32, 32)), (d.Geometry.Resized, d.Geometry.Window)));
        Assert.InRange(draws.Average(d => (double)d.Geometry.Source.Height * d.Geometry.Source.Width / (60 * 90)), 0.4, 0.5);
    }

    // No rectangle of the whole area has another aspect than the picture's.
    [Theory]
    [InlineData(60, 90, 1.0, 1.0, 0, 15, 60, 60)]
    [InlineData(60, 90, 2.0, 2.0, 7, 0, 45, 90)]
    [InlineData(1, 90, 0.5, 2.0, 0, 44, 1, 2)]
    [InlineData(90, 1, 0.5, 2.0, 44, 0, 2, 1)]
    public void WhereNoneFitsTheMiddleIsTaken(int height, int width, double minAspect, double maxAspect, int top, int left, int partHeight, int partWidth)
    {
        var plain = new ViewGeometry(new ResampleWindow(0, 0, height, width), new PixelSize(8, 8), new ResampleWindow(0, 0, 8, 8));
        var draw = AugmentationDraw.Of(new Augmentation { ResizedCrop = new AreaRange(1, 1, minAspect, maxAspect) }, new ViewKey(1, 2, 3), plain);
        Assert.Equal(new ResampleWindow(top, left, partHeight, partWidth), draw.Geometry.Source);
    }

    [Fact]
    public void AnglesAndColoursKeepTheirLimitsAndReachThem()
    {
        var draws = Many(new Augmentation { RotationDegrees = 15, Brightness = 0.4, Contrast = 0.3, Saturation = 0.2, Hue = 0.1 });
        Reaches(draws.Select(d => d.Geometry.Degrees), -15, 15);
        Reaches(draws.Select(d => d.Colour.Brightness), 0.6, 1.4);
        Reaches(draws.Select(d => d.Colour.Contrast), 0.7, 1.3);
        Reaches(draws.Select(d => d.Colour.Saturation), 0.8, 1.2);
        Reaches(draws.Select(d => d.Colour.Hue), -0.1, 0.1);
    }

    [Fact]
    public void AnErasedRectangleKeepsItsLimits()
    {
        var erased = Many(new Augmentation { Erasing = 0.25 }).Select(d => d.Erased).ToArray();
        Assert.InRange(erased.Count(e => e is not null), 0.22 * Draws, 0.28 * Draws);
        foreach (var e in erased.OfType<ResampleWindow>())
        {
            Assert.True(e.LiesIn(32, 32));
            Assert.InRange((double)e.Height * e.Width / (32 * 32), 0.015, 0.36);
        }
    }

    // What one choice draws does not depend on which others are made.
    [Fact]
    public void EachChoiceHasRandomNumbersOfItsOwn()
    {
        var all = new Augmentation { HorizontalFlip = 0.5, VerticalFlip = 0.5, CropPadding = 4, RotationDegrees = 20, Hue = 0.2, Erasing = 1 };
        for (int i = 0; i < 50; i++)
        {
            var key = new ViewKey(7, 1, i);
            var together = AugmentationDraw.Of(all, key, Plain);
            Assert.Equal(together.Geometry.Mirrored, AugmentationDraw.Of(new Augmentation { HorizontalFlip = 0.5 }, key, Plain).Geometry.Mirrored);
            Assert.Equal(together.Geometry.Window, AugmentationDraw.Of(new Augmentation { CropPadding = 4 }, key, Plain).Geometry.Window);
            Assert.Equal(together.Geometry.Degrees, AugmentationDraw.Of(new Augmentation { RotationDegrees = 20 }, key, Plain).Geometry.Degrees);
            Assert.Equal(together.Colour, AugmentationDraw.Of(new Augmentation { Hue = 0.2 }, key, Plain).Colour);
            Assert.Equal(together.Erased, AugmentationDraw.Of(new Augmentation { Erasing = 1 }, key, Plain).Erased);
        }
    }

    private static AugmentationDraw[] Many(Augmentation augmentation) => [.. Enumerable.Range(0, Draws).Select(i => AugmentationDraw.Of(augmentation, new ViewKey(5, i % 10, i / 10), Plain))];

    private static void Reaches(IEnumerable<double> drawn, double low, double high)
    {
        double[] values = [.. drawn];
        Assert.InRange(values.Min(), low, low + (0.02 * (high - low)));
        Assert.InRange(values.Max(), high - (0.02 * (high - low)), high);
        Assert.InRange(values.Average(), low + (0.45 * (high - low)), low + (0.55 * (high - low)));
    }
}
