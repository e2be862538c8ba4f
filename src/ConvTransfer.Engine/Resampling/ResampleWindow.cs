namespace ConvTransfer.Engine.Resampling;

/// <summary>A rectangle of a resized picture, in pixels.</summary>
internal readonly record struct ResampleWindow(int Top, int Left, int Height, int Width)
{
    /// <summary>True when the rectangle has pixels and lies inside a picture of this size.</summary>
    public bool LiesIn(int height, int width) => Top >= 0 && Left >= 0 && Height > 0 && Width > 0 && Height <= height - Top && Width <= width - Left;
}
