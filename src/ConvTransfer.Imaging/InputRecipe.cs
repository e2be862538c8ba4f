using System.Collections.Immutable;
using ConvTransfer.Core;

namespace ConvTransfer.Imaging;

/// <summary>How a picture becomes a network's input: data that travels with the model, runs in code, and is written as nodes.</summary>
/// <remarks>
/// Order: grey where one channel is wanted; resize; centre crop; channel order; y = x · Multiplier[c] + Offset[c] on levels 0 to 255, the product and the
/// sum each rounded to float32; layout. Means and deviations are given in the order in which the network takes the channels.
/// </remarks>
public sealed record InputRecipe
{
    internal const int MaxSide = 1 << 15;

    /// <summary>The resize; null to keep the picture's size.</summary>
    public ResizeRule? Resize { get; init; }

    /// <summary>The filter of the resize.</summary>
    public ResizeFilter Filter { get; init; } = ResizeFilter.Linear;

    /// <summary>The size of the part that is cut from the middle; null for the whole picture.</summary>
    public PixelSize? Crop { get; init; }

    /// <summary>The order of three channels.</summary>
    public ChannelOrder ChannelOrder { get; init; } = ChannelOrder.Rgb;

    /// <summary>3 for colour; 1 for grey: ITU-R 601 luma in integers, (19595 R + 38470 G + 7471 B + 32768) div 65536.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>The order of the axes.</summary>
    public TensorLayout Layout { get; init; } = TensorLayout.Nchw;

    /// <summary>The factor of the levels, before the mean is taken off.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>What is taken off each scaled channel.</summary>
    public ImmutableArray<double> Mean { get; init; } = [0, 0, 0];

    /// <summary>What each channel is divided by, after the mean was taken off.</summary>
    public ImmutableArray<double> Std { get; init; } = [1, 1, 1];

    /// <summary>The factor of each channel: Scale / Std, rounded to float32 once.</summary>
    public ImmutableArray<float> Multiplier => [.. Std.Select(s => (float)(Scale / s))];

    /// <summary>The summand of each channel: -Mean / Std, rounded to float32 once.</summary>
    public ImmutableArray<float> Offset => [.. Mean.Zip(Std, (m, s) => (float)(-m / s))];

    /// <summary>The size of every input, where it does not depend on the picture; otherwise null.</summary>
    public PixelSize? FixedSize => Crop ?? (Resize as ResizeRule.Exact)?.Size;

    /// <summary>torchvision's evaluation transform: shorter side to <paramref name="resize"/>, centre crop, RGB / 255, ImageNet's mean and deviation.</summary>
    public static InputRecipe Torchvision(int size = 224, int resize = 256, ResizeFilter filter = ResizeFilter.Linear) => new()
    {
        Resize = new ResizeRule.ShorterSide(resize),
        Filter = filter,
        Crop = PixelSize.Square(size),
        Scale = 1.0 / 255,
        Mean = [0.485, 0.456, 0.406],
        Std = [0.229, 0.224, 0.225],
    };

    /// <summary>Keras' preprocess_input of mode "tf": RGB / 127.5 - 1. Both sides are brought to <paramref name="size"/>, antialiased where Keras by default picks the nearest pixel.</summary>
    public static InputRecipe KerasTf(int size = 224) => Keras(size) with { Scale = 1 / 127.5, Mean = [1, 1, 1] };

    /// <summary>Keras' preprocess_input of mode "caffe": BGR minus (103.939, 116.779, 123.68). Sizes as in <see cref="KerasTf"/>.</summary>
    public static InputRecipe KerasCaffe(int size = 224) => Keras(size) with { ChannelOrder = ChannelOrder.Bgr, Mean = [103.939, 116.779, 123.68] };

    /// <summary>Keras' preprocess_input of mode "torch": RGB / 255, ImageNet's mean and deviation. Sizes as in <see cref="KerasTf"/>.</summary>
    public static InputRecipe KerasTorch(int size = 224) => Keras(size) with { Scale = 1.0 / 255, Mean = [0.485, 0.456, 0.406], Std = [0.229, 0.224, 0.225] };

    /// <summary>Caffe's reading of pictures: shorter side to <paramref name="resize"/>, centre crop, BGR, levels 0 to 255 less a mean.</summary>
    /// <param name="size">The side of the crop.</param>
    /// <param name="resize">The length of the shorter side before the crop.</param>
    /// <param name="mean">Means of blue, green and red to take off. Default: 104, 117 and 123, the means of ImageNet as Caffe's networks, among them SqueezeNet and GoogLeNet, were trained with.</param>
    public static InputRecipe Caffe(int size = 224, int resize = 256, params ReadOnlySpan<double> mean) => new()
    {
        Resize = new ResizeRule.ShorterSide(resize),
        Crop = PixelSize.Square(size),
        ChannelOrder = ChannelOrder.Bgr,
        Mean = mean.IsEmpty ? [104, 117, 123] : [.. mean],
    };

    private static InputRecipe Keras(int size) => new() { Resize = new ResizeRule.Exact(PixelSize.Square(size)) };

    /// <summary>The names that <see cref="FromNameOrFile"/> knows.</summary>
    public static IReadOnlyList<string> Names => RecipeNames.All;

    /// <summary>The recipe that a name or a JSON file says.</summary>
    /// <param name="text">NAME[:SIZE][:nchw|:nhwc], such as "torchvision", "caffe:227" or "keras-tf:128:nhwc"; otherwise the path of a JSON file.</param>
    /// <exception cref="ConvTransferException">It is no known name and no readable recipe.</exception>
    public static InputRecipe FromNameOrFile(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return RecipeNames.Find(text) ?? RecipeJson.ReadFile(text);
    }

    /// <summary>The recipe as JSON; equal recipes give equal texts.</summary>
    public string ToJson() => RecipeJson.Write(this);

    /// <summary>The recipe of a JSON text.</summary>
    /// <exception cref="ConvTransferException">The text is no recipe: a key is unknown, missing or of a wrong type, or the values contradict each other.</exception>
    public static InputRecipe FromJson(string json, string? file = null) => RecipeJson.Read(json, file);

    /// <summary>The size of the picture after the resize, before the crop.</summary>
    public PixelSize ResizedSize(PixelSize picture) => Resize?.Apply(picture) ?? picture;

    /// <summary>What is wrong with the recipe in one sentence, or null.</summary>
    public string? Fault()
    {
        if (Channels is not (1 or 3)) return $"channels is {Channels}, expected 1 or 3";
        if (Channels == 1 && ChannelOrder != ChannelOrder.Rgb) return "channelOrder is bgr, but there is one channel";
        if (Mean.IsDefault || Std.IsDefault) return "mean and std must be given";
        if (Mean.Length != Channels) return $"mean has {Mean.Length} numbers for {Channels} channels";
        if (Std.Length != Channels) return $"std has {Std.Length} numbers for {Channels} channels";
        if (!double.IsFinite(Scale) || Scale == 0) return "scale must be finite and not 0";
        if (Mean.Any(m => !double.IsFinite(m))) return "mean must be finite";
        if (Std.Any(s => !double.IsFinite(s) || s <= 0)) return "std must be finite and above 0";
        if (Multiplier.Concat(Offset).Any(v => !float.IsFinite(v))) return "scale, mean and std are beyond the range of float32";
        if (Resize is ResizeRule.ShorterSide { Length: < 1 or > MaxSide } or ResizeRule.Exact { Size: { Height: < 1 or > MaxSide } or { Width: < 1 or > MaxSide } }) return $"resize must lie between 1 and {MaxSide}";
        if (Crop is not { } crop) return null;
        if (crop.Height is < 1 or > MaxSide || crop.Width is < 1 or > MaxSide) return $"crop must lie between 1 and {MaxSide}";
        return Resize switch
        {
            ResizeRule.ShorterSide side when Math.Max(crop.Height, crop.Width) > side.Length => $"the crop {crop} is larger than the shorter side {side.Length} after the resize",
            ResizeRule.Exact exact when crop.Height > exact.Size.Height || crop.Width > exact.Size.Width => $"the crop {crop} is larger than the resized picture {exact.Size}",
            _ => null,
        };
    }

    /// <summary>True when every setting is equal.</summary>
    public bool Equals(InputRecipe? other) => other is not null && Resize == other.Resize && Filter == other.Filter && Crop == other.Crop && ChannelOrder == other.ChannelOrder
        && Channels == other.Channels && Layout == other.Layout && Scale.Equals(other.Scale) && Mean.SequenceEqual(other.Mean) && Std.SequenceEqual(other.Std);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Resize, Filter, Crop, ChannelOrder, Channels, Layout, Scale);
}
