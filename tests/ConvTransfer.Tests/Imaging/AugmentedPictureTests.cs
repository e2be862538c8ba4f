using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;

namespace ConvTransfer.Tests.Imaging;

/// <summary>The pixels of varied pictures, each kind of change beside a plain computation.</summary>
public sealed class AugmentedPictureTests
{
    // Levels as they are: the input is the window's pixels.
    private static readonly InputRecipe Levels = new() { Layout = TensorLayout.Nhwc };

    private static readonly Augmentation Everything = new()
    {
        HorizontalFlip = 0.5, VerticalFlip = 0.5, CropPadding = 3, ResizedCrop = AreaRange.Torchvision, RotationDegrees = 30,
        Brightness = 0.4, Contrast = 0.4, Saturation = 0.4, Hue = 0.1, Erasing = 0.5,
    };

    public static TheoryData<InputRecipe, int, int> Recipes => new()
    {
        { InputRecipe.Torchvision(24, 32), 50, 41 },
        { InputRecipe.Caffe(20, 25), 31, 64 },
        { InputRecipe.KerasTf(28) with { Layout = TensorLayout.Nhwc }, 1, 1 },
        { new InputRecipe { Channels = 1, Mean = [0.1], Std = [0.3], Scale = 1.0 / 255, Resize = new ResizeRule.Exact(new PixelSize(17, 31)) }, 40, 20 },
        { new InputRecipe(), 5, 7 },
    };

    [Theory]
    [MemberData(nameof(Recipes))]
    public void EqualKeysGiveEqualBitsInAnyOrderOnAnyThread(InputRecipe recipe, int height, int width)
    {
        using var picture = Noise(height, width, seed: 3);
        var keys = Enumerable.Range(0, 40).Select(i => new ViewKey(9, i % 4, i / 4)).ToArray();
        float[][] expected = [.. keys.Select(k => Run(new ImagePreprocessor(recipe), picture, Everything, k))];
        var shared = new ImagePreprocessor(recipe);
        int failures = 0;
        var threads = Enumerable.Range(0, 3).Select(t => new Thread(() =>
        {
            for (int i = keys.Length - 1; i >= 0; i--)
            {
                int j = (i + (13 * t)) % keys.Length;
                if (!Run(shared, picture, Everything, keys[j]).AsSpan().SequenceEqual(expected[j])) Interlocked.Increment(ref failures);
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Equal(0, failures);
    }

    [Fact]
    public void AnotherSeedViewOrSampleGivesOtherPixels()
    {
        using var picture = Noise(50, 41, seed: 3);
        var preprocessor = new ImagePreprocessor(InputRecipe.Torchvision(24, 32));
        float[][] views = [.. new ViewKey[] { new(1, 1, 1), new(2, 1, 1), new(1, 2, 1), new(1, 1, 2) }.Select(k => Run(preprocessor, picture, Everything, k))];
        for (int i = 0; i < views.Length; i++)
            for (int j = 0; j < i; j++) Assert.NotEqual(views[i], views[j]);
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void WithoutAugmentationTheKeyChangesNothing(InputRecipe recipe, int height, int width)
    {
        using var picture = Noise(height, width, seed: 4);
        var preprocessor = new ImagePreprocessor(recipe);
        float[] plain = new float[preprocessor.OutputShape(new PixelSize(height, width)).ElementCount];
        preprocessor.Run(picture, plain);
        Assert.Equal(plain, Run(preprocessor, picture, Augmentation.None, new ViewKey(1, 2, 3)));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void AFlipSwapsTheSidesAndASecondOneSwapsThemBack(bool mirrored, bool upsideDown)
    {
        using var picture = Noise(7, 10, seed: 5);
        var preprocessor = new ImagePreprocessor(Levels);
        var flips = new Augmentation { HorizontalFlip = mirrored ? 1 : 0, VerticalFlip = upsideDown ? 1 : 0 };
        float[] once = Run(preprocessor, picture, flips);
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 10; x++)
                for (int c = 0; c < 3; c++) Assert.Equal(At(picture, upsideDown ? 6 - y : y, mirrored ? 9 - x : x, c), once[(((y * 10) + x) * 3) + c]);
        using var flipped = Picture(7, 10, once);
        Assert.Equal(Run(preprocessor, picture, Augmentation.None), Run(preprocessor, flipped, flips));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(40)]
    public void ACropWithPaddingShowsTheMeanOutside(int padding)
    {
        using var picture = Noise(12, 15, seed: 6);
        var recipe = Levels with { Crop = new PixelSize(9, 10), Mean = [10.2, 20, 300] };
        var plain = new ViewGeometry(new ResampleWindow(0, 0, 12, 15), new PixelSize(12, 15), new ResampleWindow(2, 2, 9, 10));
        float[] mean = [10, 20, 255];
        var augmentation = new Augmentation { CropPadding = padding };
        for (int i = 0; i < 30; i++)
        {
            var key = new ViewKey(1, 0, i);
            float[] view = Run(new ImagePreprocessor(recipe), picture, augmentation, key);
            var window = AugmentationDraw.Of(augmentation, key, plain).Geometry.Window;
            for (int y = 0; y < 9; y++)
                for (int x = 0; x < 10; x++)
                    for (int c = 0; c < 3; c++)
                    {
                        int row = window.Top + y, column = window.Left + x;
                        float level = row is >= 0 and < 12 && column is >= 0 and < 15 ? At(picture, row, column, c) : mean[c];
                        Assert.Equal(level + recipe.Offset[c], view[(((y * 10) + x) * 3) + c]);
                    }
        }
    }

    // The part is cut out by hand and resized by the recipe's own resize.
    [Theory]
    [MemberData(nameof(Recipes))]
    public void AResizedCropIsTheResizeOfItsPart(InputRecipe recipe, int height, int width)
    {
        using var picture = Noise(height, width, seed: 7);
        var preprocessor = new ImagePreprocessor(recipe);
        var size = recipe.FixedSize ?? new PixelSize(height, width);
        var alone = new ImagePreprocessor(recipe with { Resize = new ResizeRule.Exact(size), Crop = null });
        var augmentation = new Augmentation { ResizedCrop = AreaRange.Torchvision };
        var plain = new ViewGeometry(new ResampleWindow(0, 0, height, width), size, new ResampleWindow(0, 0, size.Height, size.Width));
        for (int i = 0; i < 20; i++)
        {
            var key = new ViewKey(2, i, 1);
            var source = AugmentationDraw.Of(augmentation, key, plain).Geometry.Source;
            float[] levels = [.. from y in Enumerable.Range(source.Top, source.Height) from x in Enumerable.Range(source.Left, source.Width) from c in Enumerable.Range(0, 3) select (float)At(picture, y, x, c)];
            using var part = Picture(source.Height, source.Width, levels);
            Assert.Equal(Run(alone, part, Augmentation.None), Run(preprocessor, picture, augmentation, key));
        }
    }

    [Theory]
    [InlineData(17.5, 2, 3)]
    [InlineData(-60, 0, 0)]
    [InlineData(90, 1, 5)]
    [InlineData(133, -4, -6)]
    [InlineData(-180, 3, 4)]
    public void ARotationInterpolatesAboutTheMiddleOfTheWindow(double degrees, int top, int left)
    {
        using var picture = Noise(24, 31, seed: 8);
        byte[] outside = [7, 100, 250];
        var view = new ViewGeometry(default, new PixelSize(24, 31), new ResampleWindow(top, left, 16, 18), degrees);
        byte[] shown = Show(view, picture, outside);
        double cos = Math.Cos(degrees * Math.PI / 180), sin = Math.Sin(degrees * Math.PI / 180);
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 18; x++)
                for (int c = 0; c < 3; c++)
                {
                    double dx = x - 8.5, dy = y - 7.5, fromX = left + 8.5 + (cos * dx) + (sin * dy), fromY = top + 7.5 + (cos * dy) - (sin * dx), sum = 0;
                    for (int row = 0; row < 24 + 60; row++)
                        for (int column = 0; column < 31 + 60; column++)
                        {
                            double weight = Math.Max(0, 1 - Math.Abs(row - 30 - fromY)) * Math.Max(0, 1 - Math.Abs(column - 30 - fromX));
                            if (weight > 0) sum += weight * (row is >= 30 and < 54 && column is >= 30 and < 61 ? At(picture, row - 30, column - 30, c) : outside[c]);
                        }
                    Assert.InRange(shown[(((y * 18) + x) * 3) + c], sum - 0.51, sum + 0.51);
                }
    }

    // An angle too small to move a pixel still takes the way of all angles.
    [Theory]
    [InlineData(0)]
    [InlineData(1e-12)]
    public void ARotationByNothingIsTheWindow(double degrees)
    {
        using var picture = Noise(24, 31, seed: 9);
        var still = new ViewGeometry(default, new PixelSize(24, 31), new ResampleWindow(2, -3, 20, 30));
        byte[] expected = [.. from y in Enumerable.Range(2, 20) from x in Enumerable.Range(-3, 30) from c in Enumerable.Range(0, 3) select x < 0 ? (byte)1 : At(picture, y, x, c)];
        Assert.Equal(expected, Show(still with { Degrees = degrees }, picture, [1, 1, 1]));
    }

    [Fact]
    public void ARotationTurnsClockwise()
    {
        using var picture = Noise(9, 9, seed: 10);
        var view = new ViewGeometry(default, new PixelSize(9, 9), new ResampleWindow(0, 0, 9, 9), 90);
        byte[] expected = [.. from y in Enumerable.Range(0, 9) from x in Enumerable.Range(0, 9) from c in Enumerable.Range(0, 3) select At(picture, 8 - x, y, c)];
        Assert.Equal(expected, Show(view, picture, [0, 0, 0]));
    }

    // The whole way through the preprocessor: what lies beside the window of the recipe is turned into view.
    [Fact]
    public void ARotatedPictureIsThatOfTheResizedPicture()
    {
        using var picture = Noise(40, 60, seed: 11);
        var recipe = Levels with { Resize = new ResizeRule.ShorterSide(32), Crop = PixelSize.Square(20) };
        var plain = new ViewGeometry(new ResampleWindow(0, 0, 40, 60), new PixelSize(32, 48), new ResampleWindow(6, 14, 20, 20));
        var augmentation = new Augmentation { RotationDegrees = 90 };
        using var resized = Picture(32, 48, Run(new ImagePreprocessor(recipe with { Crop = null }), picture, Augmentation.None));
        for (int i = 0; i < 20; i++)
        {
            var key = new ViewKey(3, i, 2);
            byte[] expected = Show(AugmentationDraw.Of(augmentation, key, plain).Geometry, resized, [0, 0, 0]);
            Assert.Equal(expected.Select(v => (float)v), Run(new ImagePreprocessor(recipe), picture, augmentation, key));
        }
    }

    [Theory]
    [InlineData(0.7, 1, 1, 0)]
    [InlineData(1.4, 1, 1, 0)]
    [InlineData(1, 0, 1, 0)]
    [InlineData(1, 1.8, 1, 0)]
    [InlineData(1, 1, 0, 0)]
    [InlineData(1, 1, 1.9, 0)]
    [InlineData(1, 1, 1, 0.25)]
    [InlineData(1, 1, 1, -0.5)]
    [InlineData(1.2, 0.7, 1.3, 0.06)]
    public void ColoursChangeStepByStep(double brightness, double contrast, double saturation, double hue)
    {
        using var picture = Noise(9, 11, seed: 12);
        byte[] pixels = picture.AsSpan<byte>().ToArray();
        double[][] colours = [.. pixels.Chunk(3).Select(p => p.Select(v => v * brightness).ToArray())];
        double mean = colours.Average(Luma);
        new ColourFactors(brightness, contrast, saturation, hue).Apply(pixels, 3);
        for (int i = 0; i < colours.Length; i++)
        {
            double[] colour = [.. colours[i].Select(v => mean + (contrast * (v - mean)))];
            double luma = Luma(colour);
            colour = [.. colour.Select(v => luma + (saturation * (v - luma)))];
            // JPEG's two differences of colour, turned, and back.
            double cb = (-0.168735892 * colour[0]) - (0.331264108 * colour[1]) + (0.5 * colour[2]), cr = (0.5 * colour[0]) - (0.418687589 * colour[1]) - (0.081312411 * colour[2]);
            double angle = 2 * Math.PI * hue;
            (cb, cr) = ((cb * Math.Cos(angle)) - (cr * Math.Sin(angle)), (cb * Math.Sin(angle)) + (cr * Math.Cos(angle)));
            colour = [luma + (1.402 * cr), luma - (0.344136286 * cb) - (0.714136286 * cr), luma + (1.772 * cb)];
            for (int c = 0; c < 3; c++) Assert.InRange(pixels[(3 * i) + c], Math.Clamp(colour[c], 0, 255) - 0.51, Math.Clamp(colour[c], 0, 255) + 0.51);
        }
    }

    [Fact]
    public void GreyHasBrightnessAndContrastOnly()
    {
        byte[] pixels = [0, 50, 100, 250], other = [0, 50, 100, 250];
        new ColourFactors(Saturation: 0.3, Brightness: 0.8, Contrast: 0.5, Hue: 0.4).Apply(pixels, 1);
        // The mean is 80 after the brightness.
        Assert.Equal([40, 60, 80, 140], pixels);
        new ColourFactors(Brightness: 1, Contrast: 1, Saturation: 1, Hue: 0).Apply(other, 1);
        Assert.Equal([0, 50, 100, 250], other);
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void ErasingClearsItsRectangleAndNothingElse(InputRecipe recipe, int height, int width)
    {
        using var picture = Noise(height, width, seed: 13);
        var preprocessor = new ImagePreprocessor(recipe);
        var size = recipe.FixedSize ?? new PixelSize(height, width);
        var plain = new ViewGeometry(new ResampleWindow(0, 0, height, width), size, new ResampleWindow(0, 0, size.Height, size.Width));
        float[] whole = Run(preprocessor, picture, Augmentation.None);
        var augmentation = new Augmentation { Erasing = 1, ErasedArea = new AreaRange(0.1, 0.4, 0.5, 2) };
        for (int i = 0; i < 10; i++)
        {
            var key = new ViewKey(4, i, i);
            var erased = AugmentationDraw.Of(augmentation, key, plain).Erased!.Value;
            float[] view = Run(preprocessor, picture, augmentation, key);
            for (int j = 0; j < view.Length; j++)
            {
                int pixel = recipe.Layout == TensorLayout.Nchw ? j % (size.Height * size.Width) : j / recipe.Channels, y = pixel / size.Width, x = pixel % size.Width;
                bool inside = y >= erased.Top && y < erased.Top + erased.Height && x >= erased.Left && x < erased.Left + erased.Width;
                Assert.Equal(inside ? 0 : whole[j], view[j]);
            }
        }
    }

    private static double Luma(double[] rgb) => (0.299 * rgb[0]) + (0.587 * rgb[1]) + (0.114 * rgb[2]);

    private static byte[] Show(ViewGeometry view, Tensor resized, byte[] outside)
    {
        var reads = view.Reads();
        byte[] read = [.. from y in Enumerable.Range(reads.Top, reads.Height) from x in Enumerable.Range(reads.Left, reads.Width) from c in Enumerable.Range(0, 3) select At(resized, y, x, c), .. outside];
        byte[] to = new byte[view.Window.Height * view.Window.Width * 3];
        view.Show(read, 3, to);
        return to;
    }

    private static byte At(Tensor picture, int y, int x, int c) => picture.AsSpan<byte>()[(int)(((y * picture.Shape[1]) + x) * 3) + c];

    private static float[] Run(ImagePreprocessor preprocessor, Tensor picture, Augmentation augmentation, ViewKey key = default)
    {
        float[] to = new float[preprocessor.OutputShape(new PixelSize((int)picture.Shape[0], (int)picture.Shape[1])).ElementCount];
        preprocessor.Run(picture, augmentation, key, to);
        return to;
    }

    private static Tensor Picture(int height, int width, float[] levels) => Tensor.From<byte>(new Shape(height, width, 3), Array.ConvertAll(levels, v => (byte)v));

    private static Tensor Noise(int height, int width, long seed)
    {
        byte[] levels = new byte[height * width * 3];
        var random = new CounterRandom(seed);
        foreach (ref byte level in levels.AsSpan()) level = (byte)random.Next(256);
        return Tensor.From<byte>(new Shape(height, width, 3), levels);
    }
}
