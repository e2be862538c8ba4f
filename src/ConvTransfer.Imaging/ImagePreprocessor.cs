using System.Buffers;
using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Imaging;

/// <summary>Turns decoded pictures into a network's input by a recipe. Safe for concurrent use.</summary>
public sealed class ImagePreprocessor
{
    // Weights of a resize are kept per picture size; folders of photographs have a few sizes, and a plan is small:
    // its weights grow with the picture's sides, so those of an endless strip are not kept.
    private const int MaxPlans = 64;
    private const int MaxKeptSides = 1 << 16;

    private readonly Dictionary<PixelSize, UInt8Resample> _plans = [];
    private readonly Lock _lock = new();
    private readonly float[][] _levels;
    private readonly byte[] _outside;

    /// <summary>Prepares a recipe.</summary>
    /// <exception cref="ConvTransferException">The recipe contradicts itself.</exception>
    public ImagePreprocessor(InputRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.Fault() is { } fault) throw new ConvTransferException(FailureCause.DataInvalid, $"recipe: {fault}");
        Recipe = recipe;
        _outside = MeanLevels(recipe);
        _levels = new float[recipe.Channels][];
        for (int c = 0; c < _levels.Length; c++) _levels[c] = Levels(recipe.Multiplier[c], recipe.Offset[c]);
    }

    /// <summary>The recipe.</summary>
    public InputRecipe Recipe { get; }

    /// <summary>A text that is another one when the input of some picture may be another one: recipe, augmentation, and the builds of the code that decodes and draws.</summary>
    /// <param name="augmentation">How pictures are varied; null for not at all.</param>
    public string Preparation(Augmentation? augmentation = null) => string.Join('\n',
    [
        Recipe.ToJson(), (augmentation ?? Augmentation.None).ToJson(), SkiaImageDecoder.Version,
        .. new[] { typeof(ImagePreprocessor), typeof(UInt8Resample), typeof(CounterRandom) }.Select(t => t.Module.ModuleVersionId.ToString("N")),
    ]);

    /// <summary>The shape of one input without its batch axis: [C, H, W] or [H, W, C].</summary>
    /// <exception cref="ConvTransferException">The picture is smaller than the crop, or its resize is too large.</exception>
    public Shape OutputShape(PixelSize picture)
    {
        var size = Part(picture).Size;
        return Recipe.Layout == TensorLayout.Nchw ? new Shape(Recipe.Channels, size.Height, size.Width) : new Shape(size.Height, size.Width, Recipe.Channels);
    }

    /// <summary>Computes one input.</summary>
    /// <param name="picture">uint8 [H, W, 3], red, green, blue; not changed.</param>
    /// <param name="to">As many float32 as <see cref="OutputShape"/> has elements.</param>
    /// <exception cref="ConvTransferException">The picture is smaller than the crop, or its resize is too large.</exception>
    public void Run(Tensor picture, Span<float> to) => Run(picture, Augmentation.None, default, to);

    /// <summary>Computes one input of a varied picture.</summary>
    /// <param name="picture">uint8 [H, W, 3], red, green, blue; not changed.</param>
    /// <param name="augmentation">How pictures are varied; with <see cref="Augmentation.None"/> the input is the unvaried one.</param>
    /// <param name="key">Which view of which picture it is: equal keys give equal bits.</param>
    /// <param name="to">As many float32 as <see cref="OutputShape"/> has elements.</param>
    /// <exception cref="ConvTransferException">The picture is smaller than the crop, or its resize is too large.</exception>
    public void Run(Tensor picture, Augmentation augmentation, ViewKey key, Span<float> to)
    {
        ArgumentNullException.ThrowIfNull(augmentation);
        var size = SizeOf(picture);
        var window = Part(size).Window;
        int channels = Recipe.Channels;
        long elements = (long)window.Height * window.Width * channels;
        if (to.Length != elements) throw new ArgumentException($"{to.Length} elements are given, the input has {elements}", nameof(to));
        var plain = new ViewGeometry(new ResampleWindow(0, 0, size.Height, size.Width), Recipe.ResizedSize(size), window);
        var draw = AugmentationDraw.Of(augmentation, key, plain);
        byte[] pixels = ArrayPool<byte>.Shared.Rent(checked((int)elements));
        var result = pixels.AsSpan(0, (int)elements);
        Render(picture, draw.Geometry, plain, result);
        draw.Colour.Apply(result, channels);
        Normalize(result, to);
        if (draw.Erased is { } erased) Erase(to, erased, window);
        ArrayPool<byte>.Shared.Return(pixels);
        GC.KeepAlive(picture);
    }

    private void Render(Tensor picture, ViewGeometry view, ViewGeometry plain, Span<byte> result)
    {
        int channels = Recipe.Channels;
        var reads = view.Reads();
        bool asItIs = view.Degrees == 0 && reads == view.Window;
        int readBytes = checked(reads.Height * reads.Width * channels);
        byte[] between = asItIs ? [] : ArrayPool<byte>.Shared.Rent(readBytes + channels);
        if (readBytes > 0)
        {
            bool usual = asItIs && (view.Source, view.Resized, view.Window) == (plain.Source, plain.Resized, plain.Window);
            var plan = usual ? PlanFor(view) : Plan(view.Source, view.Resized, reads);
            Resample(picture, view.Source, plan, asItIs ? result : between.AsSpan(0, readBytes));
        }
        if (!asItIs)
        {
            _outside.CopyTo(between, readBytes);
            view.Show(between.AsSpan(0, readBytes + channels), channels, result);
            ArrayPool<byte>.Shared.Return(between);
        }
        view.Flip(result, channels);
    }

    private static void Resample(Tensor picture, ResampleWindow source, UInt8Resample plan, Span<byte> result)
    {
        int width = checked((int)picture.Shape[1]), channels = plan.Channels, stride = source.Width * channels;
        byte[] scratch = ArrayPool<byte>.Shared.Rent(checked((int)plan.ScratchBytes));
        var all = picture.AsSpan<byte>();
        if (channels == 3 && source.Width == width)
        {
            plan.Run(all.Slice(source.Top * stride, source.Height * stride), result, scratch);
        }
        else
        {
            byte[] part = ArrayPool<byte>.Shared.Rent(checked(source.Height * stride));
            for (int y = 0; y < source.Height; y++)
            {
                var from = all.Slice((((source.Top + y) * width) + source.Left) * 3, source.Width * 3);
                var to = part.AsSpan(y * stride, stride);
                if (channels == 1) Luma(from, to);
                else from.CopyTo(to);
            }
            plan.Run(part.AsSpan(0, source.Height * stride), result, scratch);
            ArrayPool<byte>.Shared.Return(part);
        }
        ArrayPool<byte>.Shared.Return(scratch);
    }

    private static PixelSize SizeOf(Tensor picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (picture.ElementType != ElementType.UInt8 || picture.Shape.Rank != 3 || picture.Shape[2] != 3 || picture.ElementCount == 0)
            throw new ArgumentException($"a picture is uint8 [H, W, 3], not {picture}", nameof(picture));
        return new PixelSize(checked((int)picture.Shape[0]), checked((int)picture.Shape[1]));
    }

    private (ResampleWindow Window, PixelSize Size) Part(PixelSize picture)
    {
        var resized = Recipe.ResizedSize(picture);
        if (Recipe.Crop is not { } crop)
        {
            // A strip without a crop may grow without end.
            if (Recipe.Resize is ResizeRule.ShorterSide && (long)resized.Height * resized.Width > Limits.Default.ImagePixels)
                throw new ConvTransferException(FailureCause.Limit, $"the picture has {picture} pixels; after the resize it would have {resized}, beyond the limit of {Limits.Default.ImagePixels} pixels");
            return (new ResampleWindow(0, 0, resized.Height, resized.Width), resized);
        }
        if (crop.Height > resized.Height || crop.Width > resized.Width) throw new ConvTransferException(FailureCause.ImageInvalid, $"the picture has {resized} pixels, less than the crop of {crop}");
        return (new ResampleWindow(CropStart(resized.Height, crop.Height), CropStart(resized.Width, crop.Width), crop.Height, crop.Width), crop);
    }

    /// <summary>Where a centre crop begins, as torchvision rounds it: half the margin, a half pixel to the even number.</summary>
    internal static int CropStart(int length, int crop)
    {
        int margin = length - crop, half = margin / 2;
        return half + (margin % 2 * (half % 2));
    }

    private UInt8Resample PlanFor(ViewGeometry plain)
    {
        PixelSize picture = new(plain.Source.Height, plain.Source.Width);
        lock (_lock)
        {
            if (_plans.TryGetValue(picture, out var known)) return known;
        }
        var made = Plan(plain.Source, plain.Resized, plain.Window);
        if ((long)picture.Height + picture.Width > MaxKeptSides) return made;
        lock (_lock)
        {
            // All at once: which one is dropped changes no result, and a folder with more sizes than this repeats few of them.
            if (_plans.Count >= MaxPlans) _plans.Clear();
            _plans[picture] = made;
        }
        return made;
    }

    private UInt8Resample Plan(ResampleWindow source, PixelSize resized, ResampleWindow window)
    {
        var made = new UInt8Resample(source.Height, source.Width, resized.Height, resized.Width, Recipe.Channels, Recipe.Filter == ResizeFilter.Cubic, window);
        return made.ScratchBytes <= Array.MaxLength ? made
            : throw new ConvTransferException(FailureCause.Limit, $"the picture has {new PixelSize(source.Height, source.Width)} pixels; its resize to {resized} needs {made.ScratchBytes} bytes, more than one array holds");
    }

    private static void Luma(ReadOnlySpan<byte> rgb, Span<byte> grey)
    {
        for (int i = 0; i < grey.Length; i++, rgb = rgb[3..]) grey[i] = (byte)(((19595 * rgb[0]) + (38470 * rgb[1]) + (7471 * rgb[2]) + 32768) >> 16);
    }

    private void Normalize(ReadOnlySpan<byte> pixels, Span<float> to)
    {
        int channels = _levels.Length, count = pixels.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            float[] level = _levels[c];
            int from = Recipe.ChannelOrder == ChannelOrder.Bgr ? channels - 1 - c : c;
            if (Recipe.Layout == TensorLayout.Nchw)
            {
                var plane = to.Slice(c * count, count);
                for (int i = 0; i < plane.Length; i++, from += channels) plane[i] = level[pixels[from]];
            }
            else
            {
                for (int i = c; i < to.Length; i += channels, from += channels) to[i] = level[pixels[from]];
            }
        }
    }

    private void Erase(Span<float> to, ResampleWindow erased, ResampleWindow whole)
    {
        bool planar = Recipe.Layout == TensorLayout.Nchw;
        int planes = planar ? Recipe.Channels : 1, samples = planar ? 1 : Recipe.Channels;
        for (int p = 0; p < planes; p++)
            for (int y = 0; y < erased.Height; y++)
                to.Slice(((((p * whole.Height) + erased.Top + y) * whole.Width) + erased.Left) * samples, erased.Width * samples).Clear();
    }

    // The mean as levels, in the picture's order of the colours.
    private static byte[] MeanLevels(InputRecipe recipe)
    {
        byte[] levels = [.. recipe.Mean.Select(mean => (byte)Math.Clamp(Math.Round(mean / recipe.Scale), 0, 255))];
        if (recipe.ChannelOrder == ChannelOrder.Bgr) Array.Reverse(levels);
        return levels;
    }

    // All 256 results of the product and the sum: a look-up gives the same bits as computing them.
    private static float[] Levels(float multiplier, float offset)
    {
        float[] levels = new float[256];
        for (int i = 0; i < levels.Length; i++)
        {
            float product = i * multiplier;
            levels[i] = product + offset;
        }
        return levels;
    }
}
