using ConvTransfer.Engine.Resampling;

namespace ConvTransfer.Imaging;

/// <summary>Where the pixels of one view come from.</summary>
/// <param name="Source">The part of the decoded picture that is resized.</param>
/// <param name="Resized">The size that this part gets.</param>
/// <param name="Window">The part of the resized picture that is shown; it may reach beyond it.</param>
/// <param name="Degrees">How far the picture is turned clockwise about the window's centre, -180 to 180.</param>
/// <param name="Mirrored">True to swap left and right, after the rotation.</param>
/// <param name="UpsideDown">True to swap top and bottom, after the rotation.</param>
internal readonly record struct ViewGeometry(ResampleWindow Source, PixelSize Resized, ResampleWindow Window, double Degrees = 0, bool Mirrored = false, bool UpsideDown = false)
{
    private const int AngleBits = 30;
    private const int Bits = 16;
    private const int One = 1 << Bits;

    /// <summary>The part of the resized picture that the view reads; empty when the window lies beside the picture.</summary>
    public ResampleWindow Reads()
    {
        double angle = Degrees * Math.PI / 180, cos = Math.Abs(Math.Cos(angle)), sin = Math.Abs(Math.Sin(angle));
        // Two pixels around a turned window: one for the interpolation, one for the rounding of its middle.
        int around = Degrees == 0 ? 0 : 2;
        int height = Degrees == 0 ? Window.Height : (int)Math.Ceiling((Window.Height * cos) + (Window.Width * sin));
        int width = Degrees == 0 ? Window.Width : (int)Math.Ceiling((Window.Width * cos) + (Window.Height * sin));
        int top = Window.Top - ((height - Window.Height) / 2) - around, left = Window.Left - ((width - Window.Width) / 2) - around;
        int bottom = Math.Min(top + height + (2 * around), Resized.Height), right = Math.Min(left + width + (2 * around), Resized.Width);
        (top, left) = (Math.Max(top, 0), Math.Max(left, 0));
        return bottom > top && right > left ? new ResampleWindow(top, left, bottom - top, right - left) : default;
    }

    /// <summary>Shows what was read.</summary>
    /// <param name="read">The pixels of <see cref="Reads"/>, then one pixel: the levels outside the picture. Interleaved channels.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="to">The pixels of the window; must not overlap what was read.</param>
    public void Show(ReadOnlySpan<byte> read, int channels, Span<byte> to)
    {
        var part = Reads();
        if (Degrees == 0) Place(read, part, channels, to);
        else Turn(read, part, channels, to);
    }

    /// <summary>Swaps the sides of the shown window, where the view asks for it.</summary>
    /// <param name="pixels">The pixels of the window, interleaved channels.</param>
    /// <param name="channels">The number of channels.</param>
    public void Flip(Span<byte> pixels, int channels)
    {
        int stride = Window.Width * channels;
        if (Mirrored)
        {
            for (int y = 0; y < Window.Height; y++)
            {
                var row = pixels.Slice(y * stride, stride);
                row.Reverse();
                // The order of the channels was swapped with the pixels.
                if (channels > 1) for (int x = 0; x < stride; x += channels) row.Slice(x, channels).Reverse();
            }
        }
        if (!UpsideDown) return;
        byte[] kept = new byte[stride];
        for (int y = 0; y < Window.Height / 2; y++)
        {
            Span<byte> upper = pixels.Slice(y * stride, stride), lower = pixels.Slice((Window.Height - 1 - y) * stride, stride);
            upper.CopyTo(kept);
            lower.CopyTo(upper);
            kept.CopyTo(lower);
        }
    }

    private void Place(ReadOnlySpan<byte> read, ResampleWindow part, int channels, Span<byte> to)
    {
        var outside = read[^channels..];
        for (int i = 0; i < to.Length; i += channels) outside.CopyTo(to[i..]);
        int stride = part.Width * channels;
        for (int y = 0; y < part.Height; y++)
            read.Slice(y * stride, stride).CopyTo(to[((((part.Top + y - Window.Top) * Window.Width) + part.Left - Window.Left) * channels)..]);
    }

    // Whole numbers from the rounded sine and cosine on: distances from the centre in half pixels, positions with 16 bits behind the point.
    private void Turn(ReadOnlySpan<byte> read, ResampleWindow part, int channels, Span<byte> to)
    {
        double angle = Degrees * Math.PI / 180;
        long cos = (long)Math.Round(Math.Cos(angle) * (1L << AngleBits)), sin = (long)Math.Round(Math.Sin(angle) * (1L << AngleBits));
        long centreX = (((2L * (Window.Left - part.Left)) + Window.Width - 1) << AngleBits) + (1L << (AngleBits - Bits)), centreY = (((2L * (Window.Top - part.Top)) + Window.Height - 1) << AngleBits) + (1L << (AngleBits - Bits));
        int last = read.Length - channels, next = 0;
        for (int y = 0; y < Window.Height; y++)
        {
            long dy = (2L * y) - Window.Height + 1;
            for (int x = 0; x < Window.Width; x++, next += channels)
            {
                long dx = (2L * x) - Window.Width + 1;
                long fromX = (centreX + (cos * dx) + (sin * dy)) >> (AngleBits - Bits + 1), fromY = (centreY + (cos * dy) - (sin * dx)) >> (AngleBits - Bits + 1);
                long column = fromX >> Bits, row = fromY >> Bits, fx = fromX & (One - 1), fy = fromY & (One - 1);
                int a = At(row, column), b = At(row, column + 1), c = At(row + 1, column), d = At(row + 1, column + 1);
                for (int i = 0; i < channels; i++)
                {
                    long upper = (read[a + i] * (One - fx)) + (read[b + i] * fx), lower = (read[c + i] * (One - fx)) + (read[d + i] * fx);
                    to[next + i] = (byte)(((upper * (One - fy)) + (lower * fy) + (1L << ((2 * Bits) - 1))) >> (2 * Bits));
                }
            }
        }

        int At(long row, long column) => row >= 0 && row < part.Height && column >= 0 && column < part.Width ? (int)((row * part.Width) + column) * channels : last;
    }
}
