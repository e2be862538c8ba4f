using ConvTransfer.Core;

namespace ConvTransfer.Imaging;

/// <summary>To which size a picture is brought before it is cropped.</summary>
public abstract record ResizeRule
{
    private ResizeRule()
    {
    }

    /// <summary>The size that a picture gets.</summary>
    /// <exception cref="ConvTransferException">A side would have more than 2^31 - 1 pixels.</exception>
    public abstract PixelSize Apply(PixelSize picture);

    /// <summary>Both sides as they are wanted; the ratio of the sides is not kept.</summary>
    /// <param name="Size">The new size.</param>
    public sealed record Exact(PixelSize Size) : ResizeRule
    {
        /// <inheritdoc/>
        public override PixelSize Apply(PixelSize picture) => Size;
    }

    /// <summary>The shorter side gets a length, the longer one keeps the ratio, rounded down: long · length div short, as torchvision computes it.</summary>
    /// <param name="Length">The length in pixels.</param>
    public sealed record ShorterSide(int Length) : ResizeRule
    {
        /// <inheritdoc/>
        public override PixelSize Apply(PixelSize picture)
        {
            long shorter = Math.Min(picture.Height, picture.Width);
            long height = picture.Height * (long)Length / shorter, width = picture.Width * (long)Length / shorter;
            if (Math.Max(height, width) > int.MaxValue) throw new ConvTransferException(FailureCause.Limit, $"the picture has {picture} pixels; with a shorter side of {Length} it would get {height}x{width}, too many");
            return new PixelSize((int)height, (int)width);
        }
    }
}
