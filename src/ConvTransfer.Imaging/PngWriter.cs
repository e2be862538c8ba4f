using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using SkiaSharp;

namespace ConvTransfer.Imaging;

/// <summary>Writes pictures as PNG files.</summary>
public static class PngWriter
{
    /// <summary>Writes a picture; the target is either the whole new file or as it was.</summary>
    /// <param name="picture">uint8 [H, W, 3], red, green, blue, sRGB.</param>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="ArgumentException">The tensor is not of that type and rank, or empty.</exception>
    /// <exception cref="ConvTransferException">The file cannot be written (<see cref="FailureCause.Output"/>).</exception>
    public static void Write(Tensor picture, string path)
    {
        byte[] encoded = Encode(picture);
        DurableFile.Save(path, encoded);
    }

    /// <summary>The bytes of the PNG file of a picture.</summary>
    /// <inheritdoc cref="Write(Tensor, string)"/>
    public static byte[] Encode(Tensor picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (picture.ElementType != ElementType.UInt8 || picture.Shape.Rank != 3 || picture.Shape[2] != 3 || picture.ElementCount == 0)
            throw new ArgumentException($"a picture is uint8 [H, W, 3], not {picture}", nameof(picture));
        var info = new SKImageInfo(checked((int)picture.Shape[1]), checked((int)picture.Shape[0]), SKColorType.Rgb888x, SKAlphaType.Opaque);
        var rgb = picture.AsSpan<byte>();
        byte[] rgbx = new byte[checked(picture.ElementCount / 3 * 4)];
        for (int i = 0, j = 0; i < rgb.Length; i += 3, j += 4)
        {
            rgb.Slice(i, 3).CopyTo(rgbx.AsSpan(j));
            rgbx[j + 3] = 255;
        }
        using var image = SKImage.FromPixelCopy(info, rgbx);
        using var data = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }
}
