using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Imaging;

/// <summary>Reads picture files. A picture is read whole and right, or refused with its reason.</summary>
public static class ImageReader
{
    /// <summary>Reads a picture.</summary>
    /// <param name="path">The file; what is in it counts, not its name.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <param name="decoder">The codec; null for <see cref="SkiaImageDecoder"/>.</param>
    /// <returns>uint8 [H, W, 3], red, green, blue. The caller disposes it.</returns>
    /// <exception cref="ConvTransferException">It cannot be read or decoded; file and reason are named.</exception>
    public static Tensor Read(string path, Limits? limits = null, IImageDecoder? decoder = null)
    {
        byte[] bytes = ReadEncoded(path, limits);
        return Decode(bytes, path, limits, decoder);
    }

    /// <summary>Reads the bytes of a picture file without decoding them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">It cannot be read; file and reason are named.</exception>
    public static byte[] ReadEncoded(string path, Limits? limits = null) =>
        WholeFile.Read(path, "a picture", FailureCause.ImageInvalid, (limits ?? Limits.Default).ImageFileBytes);

    /// <summary>Decodes a picture from memory.</summary>
    /// <param name="encoded">The bytes of a picture file.</param>
    /// <param name="name">A name for messages, or null.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <param name="decoder">The codec; null for <see cref="SkiaImageDecoder"/>.</param>
    /// <returns>uint8 [H, W, 3], red, green, blue. The caller disposes it.</returns>
    /// <exception cref="ConvTransferException">It cannot be decoded; the reason is named.</exception>
    public static Tensor Decode(ReadOnlySpan<byte> encoded, string? name = null, Limits? limits = null, IImageDecoder? decoder = null)
    {
        try
        {
            return (decoder ?? SkiaImageDecoder.Instance).Decode(encoded, limits ?? Limits.Default);
        }
        catch (ConvTransferException e) when (name is not null)
        {
            throw e.WithFile(name);
        }
    }
}
