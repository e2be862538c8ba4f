namespace ConvTransfer.Imaging;

/// <summary>A height and a width in pixels.</summary>
public readonly record struct PixelSize(int Height, int Width)
{
    /// <summary>A square.</summary>
    public static PixelSize Square(int side) => new(side, side);

    /// <summary>The size as "224x224": height, then width.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Height}x{Width}");
}
