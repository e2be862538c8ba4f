namespace ConvTransfer.Imaging;

/// <summary>The filter of a resize. Both are antialiased: stretched where the picture shrinks, as Pillow's are.</summary>
public enum ResizeFilter
{
    /// <summary>The triangle filter.</summary>
    Linear,

    /// <summary>Keys' cubic filter with a = -0.5.</summary>
    Cubic,
}
