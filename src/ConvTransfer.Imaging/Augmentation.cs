using System.Text;
using System.Text.Json;

namespace ConvTransfer.Imaging;

/// <summary>How training pictures are varied: data only; nothing is changed by default. What a view gets is drawn by its <see cref="ViewKey"/>.</summary>
/// <remarks>
/// Order: a part of the picture is resized (<see cref="ResizedCrop"/>, otherwise the recipe's resize); a window of the recipe's size is taken from it
/// (<see cref="CropPadding"/>, otherwise the middle), turned about its own centre, and flipped; colours; the recipe's channel order, scale, mean and
/// deviation; erasing. All but the erasing works on 8-bit levels. The shape of the input is that of the unvaried picture. What a window shows beyond the
/// picture has the recipe's mean as its level (0 to 255, rounded), so that the network sees about 0 there.
/// </remarks>
public sealed record Augmentation
{
    /// <summary>Changes nothing.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>Half of the views are mirrored, left to right.</summary>
    public static Augmentation Flips { get; } = new() { HorizontalFlip = 0.5 };

    /// <summary>What suits most photographs: mirrored by half, parts of 60 % of the picture or more, a tenth of brightness, contrast and saturation.</summary>
    public static Augmentation Light { get; } = Flips with { ResizedCrop = new AreaRange(0.6, 1, 0.85, 1 / 0.85), Brightness = 0.1, Contrast = 0.1, Saturation = 0.1 };

    /// <summary>The probability that a view is mirrored, left to right.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 1.</exception>
    public double HorizontalFlip { get; init => field = Between(value, 1, nameof(HorizontalFlip)); }

    /// <summary>The probability that a view is turned upside down, top to bottom.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 1.</exception>
    public double VerticalFlip { get; init => field = Between(value, 1, nameof(VerticalFlip)); }

    /// <summary>When given, the window is taken at a random place of the resized picture with this many pixels more on every side; 0 for a crop that stays inside. Null for the middle.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 32768.</exception>
    public int? CropPadding { get; init => field = value is null ? null : (int)Between(value.Value, InputRecipe.MaxSide, nameof(CropPadding)); }

    /// <summary>When given, a part of the picture of such an area and aspect is resized to the input's size; the recipe's own resize and crop are not used. Null for the recipe's.</summary>
    public AreaRange? ResizedCrop { get; init; }

    /// <summary>A view is turned by up to this many degrees, either way; neighbouring pixels are interpolated linearly.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 180.</exception>
    public double RotationDegrees { get; init => field = Between(value, 180, nameof(RotationDegrees)); }

    /// <summary>Levels are multiplied by 1 ± this.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 1.</exception>
    public double Brightness { get; init => field = Between(value, 1, nameof(Brightness)); }

    /// <summary>The distance of the levels from the picture's mean luma is multiplied by 1 ± this.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 1.</exception>
    public double Contrast { get; init => field = Between(value, 1, nameof(Contrast)); }

    /// <summary>The distance of the colours from the pixel's luma is multiplied by 1 ± this. Without effect on one channel.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 1.</exception>
    public double Saturation { get; init => field = Between(value, 1, nameof(Saturation)); }

    /// <summary>The colours are turned in the plane of Cb and Cr (ITU-R 601) by up to this share of the circle, either way; luma stays. Without effect on one channel.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 0.5.</exception>
    public double Hue { get; init => field = Between(value, 0.5, nameof(Hue)); }

    /// <summary>The probability that a rectangle of the input is set to 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie between 0 and 1.</exception>
    public double Erasing { get; init => field = Between(value, 1, nameof(Erasing)); }

    /// <summary>The rectangle that is erased. Default: 2 to 33 % of the input, 3 : 10 to 10 : 3.</summary>
    public AreaRange ErasedArea { get; init => field = value ?? throw new ArgumentNullException(nameof(ErasedArea)); } = new(0.02, 0.33, 0.3, 1 / 0.3);

    /// <summary>True when no view differs from the unvaried picture.</summary>
    public bool IsNone => this == None with { ErasedArea = ErasedArea };

    /// <summary>The augmentation as JSON; equal ones give equal texts, others do not.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("horizontalFlip", HorizontalFlip);
            json.WriteNumber("verticalFlip", VerticalFlip);
            if (CropPadding is { } padding) json.WriteNumber("cropPadding", padding);
            if (ResizedCrop is { } part) Write(json, "resizedCrop", part);
            json.WriteNumber("rotationDegrees", RotationDegrees);
            json.WriteNumber("brightness", Brightness);
            json.WriteNumber("contrast", Contrast);
            json.WriteNumber("saturation", Saturation);
            json.WriteNumber("hue", Hue);
            json.WriteNumber("erasing", Erasing);
            Write(json, "erasedArea", ErasedArea);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, string key, AreaRange range)
    {
        json.WriteStartObject(key);
        json.WriteNumber("minArea", range.MinArea);
        json.WriteNumber("maxArea", range.MaxArea);
        json.WriteNumber("minAspect", range.MinAspect);
        json.WriteNumber("maxAspect", range.MaxAspect);
        json.WriteEndObject();
    }

    private static double Between(double value, double max, string name) =>
        value >= 0 && value <= max ? value : throw new ArgumentOutOfRangeException(name, value, FormattableString.Invariant($"expected a number between 0 and {max}"));
}
