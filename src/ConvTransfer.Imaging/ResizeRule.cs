namespace ConvTransfer.Imaging;

/// <summary>To which size a picture is brought before it is cropped.</summary>
public abstract record ResizeRule
{
    private ResizeRule()
    {
    }

    /// <summary>The size that a picture gets.</summary>
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
            return new PixelSize(checked((int)(picture.Height * (long)Length / shorter)), checked((int)(picture.Width * (long)Length / shorter)));
        }
    }
}
