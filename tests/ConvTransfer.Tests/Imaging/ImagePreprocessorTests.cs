using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;

namespace ConvTransfer.Tests.Imaging;

public sealed unsafe class ImagePreprocessorTests
{
    public static TheoryData<InputRecipe, int, int> Problems => new()
    {
        { InputRecipe.Torchvision(24, 32), 50, 41 },
        { InputRecipe.Torchvision(32, 32, ResizeFilter.Cubic) with { Layout = TensorLayout.Nhwc }, 33, 90 },
        { InputRecipe.Caffe(20, 25, 104, 117, 123), 19, 64 },
        { InputRecipe.KerasTf(28), 1, 1 },
        { new InputRecipe { Channels = 1, Mean = [0.1], Std = [0.3], Scale = 1.0 / 255, Resize = new ResizeRule.Exact(new PixelSize(17, 31)) }, 40, 20 },
        { new InputRecipe { Crop = new PixelSize(9, 10), ChannelOrder = ChannelOrder.Bgr }, 20, 31 },
        { new InputRecipe(), 5, 7 },
    };

    // The picture is resized whole, then cropped, ordered and normalised one sample at a time.
    [Theory]
    [MemberData(nameof(Problems))]
    public void TheInputIsThatOfThePlainSteps(InputRecipe recipe, int height, int width)
    {
        using var picture = Noise(height, width, seed: 3);
        var preprocessor = new ImagePreprocessor(recipe);
        var shape = preprocessor.OutputShape(new PixelSize(height, width));
        float[] actual = new float[shape.ElementCount];
        preprocessor.Run(picture, actual);
        Assert.Equal(Plain(recipe, picture), actual);
        // A second run takes the kept plan.
        float[] again = new float[actual.Length];
        preprocessor.Run(picture, again);
        Assert.Equal(actual, again);
    }

    // Half the margin, a half rounded to the even number: the starts that Python's round gives torchvision.
    [Theory]
    [InlineData(256, 224, 16)]
    [InlineData(341, 224, 58)]
    [InlineData(343, 224, 60)]
    [InlineData(225, 224, 0)]
    [InlineData(227, 224, 2)]
    [InlineData(224, 224, 0)]
    public void TheCropStartsWhereTorchvisionStarts(int length, int crop, int start) => Assert.Equal(start, ImagePreprocessor.CropStart(length, crop));

    // A strip of one pixel's width is a picture too; what its resize would ask for is refused before it is taken.
    [Fact]
    public void AStripThatWouldGrowWithoutEndIsRefused()
    {
        var cropped = new ImagePreprocessor(InputRecipe.Torchvision());
        Assert.Equal(new Shape(3, 224, 224), cropped.OutputShape(new PixelSize(1, 20000)));
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => cropped.OutputShape(new PixelSize(1, 100_000_000))).Cause);
        var whole = new ImagePreprocessor(new InputRecipe { Resize = new ResizeRule.ShorterSide(256) });
        Assert.Contains("5120000", Assert.Throws<ConvTransferException>(() => whole.OutputShape(new PixelSize(1, 20_000))).Message, StringComparison.Ordinal);
        using var tall = Noise(15_000_000, 1, seed: 5);
        var exact = new ImagePreprocessor(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(64)) });
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => exact.Run(tall, new float[3 * 64 * 64])).Cause);
    }

    [Fact]
    public void APictureSmallerThanTheCropIsRefused()
    {
        using var picture = Noise(8, 30, seed: 1);
        var preprocessor = new ImagePreprocessor(new InputRecipe { Crop = new PixelSize(9, 9) });
        Assert.Contains("less than the crop", Assert.Throws<ConvTransferException>(() => preprocessor.Run(picture, new float[243])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARecipeThatContradictsItselfIsRefused() => Assert.Throws<ConvTransferException>(() => new ImagePreprocessor(new InputRecipe { Channels = 2 }));

    [Fact]
    public void ManyThreadsGetTheBitsOfOne()
    {
        var preprocessor = new ImagePreprocessor(InputRecipe.Torchvision(24, 32));
        var pictures = Enumerable.Range(0, 6).Select(i => Noise(30 + i, 50 - i, seed: i)).ToArray();
        float[][] alone = [.. pictures.Select(p => Run(new ImagePreprocessor(preprocessor.Recipe), p))];
        int failures = 0;
        var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (int i = 0; i < 60; i++)
                if (!Run(preprocessor, pictures[(i + t) % 6]).AsSpan().SequenceEqual(alone[(i + t) % 6])) Interlocked.Increment(ref failures);
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        foreach (var picture in pictures) picture.Dispose();
        Assert.Equal(0, failures);
    }

    private static float[] Run(ImagePreprocessor preprocessor, Tensor picture)
    {
        float[] to = new float[preprocessor.OutputShape(new PixelSize((int)picture.Shape[0], (int)picture.Shape[1])).ElementCount];
        preprocessor.Run(picture, to);
        return to;
    }

    private static Tensor Noise(int height, int width, long seed)
    {
        var picture = new Tensor(ElementType.UInt8, new Shape(height, width, 3));
        var random = new CounterRandom(seed);
        foreach (ref byte level in picture.AsSpan<byte>()) level = (byte)random.Next(256);
        return picture;
    }

    private static float[] Plain(InputRecipe recipe, Tensor picture)
    {
        int height = (int)picture.Shape[0], width = (int)picture.Shape[1], channels = recipe.Channels;
        byte[] source = picture.AsSpan<byte>().ToArray();
        if (channels == 1) source = [.. Enumerable.Range(0, height * width).Select(i => (byte)(((19595 * source[3 * i]) + (38470 * source[(3 * i) + 1]) + (7471 * source[(3 * i) + 2]) + 32768) / 65536))];
        var size = recipe.ResizedSize(new PixelSize(height, width));
        var resample = new UInt8Resample(height, width, size.Height, size.Width, channels, recipe.Filter == ResizeFilter.Cubic);
        byte[] resized = new byte[size.Height * size.Width * channels], scratch = new byte[resample.ScratchBytes + 1];
        fixed (byte* from = source, to = resized, between = scratch) resample.RunPlain(from, to, between);
        var part = recipe.Crop ?? size;
        int top = (int)Math.Round((size.Height - part.Height) / 2.0, MidpointRounding.ToEven), left = (int)Math.Round((size.Width - part.Width) / 2.0, MidpointRounding.ToEven);
        var result = new List<float>();
        void Add(int y, int x, int c)
        {
            int channel = recipe.ChannelOrder == ChannelOrder.Bgr ? 2 - c : c;
            float product = resized[((((top + y) * size.Width) + left + x) * channels) + channel] * recipe.Multiplier[c];
            result.Add(product + recipe.Offset[c]);
        }
        if (recipe.Layout == TensorLayout.Nchw)
        {
            for (int c = 0; c < channels; c++)
                for (int y = 0; y < part.Height; y++)
                    for (int x = 0; x < part.Width; x++) Add(y, x, c);
        }
        else
        {
            for (int y = 0; y < part.Height; y++)
                for (int x = 0; x < part.Width; x++)
                    for (int c = 0; c < channels; c++) Add(y, x, c);
        }
        return [.. result];
    }
}
