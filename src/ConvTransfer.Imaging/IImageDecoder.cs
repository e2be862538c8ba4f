using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Imaging;

/// <summary>Decodes encoded pictures: the one place where a codec library is behind.</summary>
public interface IImageDecoder
{
    /// <summary>Decodes a picture whole, or refuses it.</summary>
    /// <param name="encoded">The bytes of a file.</param>
    /// <param name="limits">How large a picture may be; checked on its header before memory is taken.</param>
    /// <returns>uint8 [H, W, 3]: red, green, blue, turned as its orientation says, transparency over white. The caller disposes it.</returns>
    /// <exception cref="ConvTransferException">It is no picture, is incomplete or corrupt (<see cref="FailureCause.ImageInvalid"/>), or is too large (<see cref="FailureCause.Limit"/>).</exception>
    Tensor Decode(ReadOnlySpan<byte> encoded, Limits limits);
}
