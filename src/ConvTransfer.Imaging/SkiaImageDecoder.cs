using System.Buffers;
using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using SkiaSharp;

namespace ConvTransfer.Imaging;

/// <summary>JPEG, PNG, GIF, BMP and WebP by Skia's codecs. Of an animation the first frame is taken; colour profiles are ignored, as training pipelines do.</summary>
/// <remarks>Only a result of Success counts: for half a file Skia gives a picture with the rest blank, which would poison a training set.</remarks>
public sealed class SkiaImageDecoder : IImageDecoder
{
    private SkiaImageDecoder()
    {
    }

    /// <summary>The decoder; it has no state.</summary>
    public static SkiaImageDecoder Instance { get; } = new();

    /// <summary>The versions of the codecs' library, managed and native: another one may decode other levels.</summary>
    internal static string Version => $"{typeof(SKCodec).Module.ModuleVersionId:N} {SkiaSharpVersion.Native}";

    /// <inheritdoc/>
    public Tensor Decode(ReadOnlySpan<byte> encoded, Limits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (encoded.IsEmpty) throw Invalid("the file is empty, not an image");
        if (encoded.Length > limits.ImageFileBytes) throw new ConvTransferException(FailureCause.Limit, $"the file has {encoded.Length} bytes, beyond the limit of {limits.ImageFileBytes} bytes for a picture");
        JpegScans.Check(encoded);
        using var data = SKData.CreateCopy(encoded);
        using var stream = new SKMemoryStream(data);
        using var codec = SKCodec.Create(stream, out var opened);
        if (codec is null) throw Invalid(Unopened(encoded, opened));
        return Decode(codec, limits);
    }

    private static Tensor Decode(SKCodec codec, Limits limits)
    {
        int width = codec.Info.Width, height = codec.Info.Height;
        if (width < 1 || height < 1) throw Invalid($"its size of {width} x {height} pixels is no size of an image");
        long pixels = (long)width * height;
        if (pixels > limits.ImagePixels) throw new ConvTransferException(FailureCause.Limit, $"it has {width} x {height} pixels, beyond the limit of {limits.ImagePixels} pixels");
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        long bytes = pixels * 4;
        if (bytes > Array.MaxLength) throw new ConvTransferException(FailureCause.Limit, $"it has {width} x {height} pixels, more than one array holds");
        byte[] rgba = ArrayPool<byte>.Shared.Rent((int)bytes);
        var pinned = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        try
        {
            var result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
            if (result != SKCodecResult.Success) throw Invalid(Undecoded(result));
            return Orient(rgba.AsSpan(0, (int)bytes), width, height, codec.EncodedOrigin);
        }
        finally
        {
            pinned.Free();
            ArrayPool<byte>.Shared.Return(rgba);
        }
    }

    private static string Unopened(ReadOnlySpan<byte> encoded, SKCodecResult result) => IsKnown(encoded)
        ? $"the file is truncated, or its header gives a size in pixels that cannot be decoded ({result})"
        : "it is not an image of a kind that can be decoded (JPEG, PNG, GIF, BMP, WebP)";

    // By their first bytes, as the formats define them; for any other file Skia's result says nothing.
    private static bool IsKnown(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) || bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G'])
        || bytes.StartsWith("GIF8"u8) || bytes.StartsWith("BM"u8) || (bytes.StartsWith("RIFF"u8) && bytes.Length > 12 && bytes[8..].StartsWith("WEBP"u8));

    private static string Undecoded(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "it is truncated: the image data is incomplete",
        SKCodecResult.ErrorInInput => "it is corrupt: its data cannot be decoded (a checksum or a code in it is wrong)",
        _ => $"it cannot be decoded ({result})",
    };

    // Each stored pixel goes to start + x · right + y · down, in pixels of the result (Exif 2.32, tag 0x0112).
    private static Tensor Orient(ReadOnlySpan<byte> rgba, int width, int height, SKEncodedOrigin origin)
    {
        bool turned = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        long w = turned ? height : width, h = turned ? width : height;
        var (start, right, down) = origin switch
        {
            SKEncodedOrigin.TopRight => (w - 1, -1L, w),
            SKEncodedOrigin.BottomRight => ((h * w) - 1, -1L, -w),
            SKEncodedOrigin.BottomLeft => ((h - 1) * w, 1L, -w),
            SKEncodedOrigin.LeftTop => (0L, w, 1L),
            SKEncodedOrigin.RightTop => (w - 1, w, -1L),
            SKEncodedOrigin.RightBottom => ((h * w) - 1, -w, -1L),
            SKEncodedOrigin.LeftBottom => ((h - 1) * w, -w, 1L),
            _ => (0L, 1L, w),
        };
        var picture = Tensor.Uninitialized(ElementType.UInt8, new Shape(h, w, 3));
        var to = picture.AsSpan<byte>();
        for (int y = 0; y < height; y++)
        {
            int at = checked((int)((start + (y * down)) * 3)), step = checked((int)right * 3);
            for (int x = 0; x < width; x++, rgba = rgba[4..], at += step)
            {
                int alpha = rgba[3];
                to[at] = OverWhite(rgba[0], alpha);
                to[at + 1] = OverWhite(rgba[1], alpha);
                to[at + 2] = OverWhite(rgba[2], alpha);
            }
        }
        return picture;
    }

    // Rounded to the nearest level; an opaque pixel keeps its colour.
    private static byte OverWhite(int level, int alpha) => (byte)(((level * alpha) + (255 * (255 - alpha)) + 127) / 255);

    private static ConvTransferException Invalid(string message) => new(FailureCause.ImageInvalid, message);
}
