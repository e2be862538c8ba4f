using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;

namespace ConvTransfer.Tests.Resampling;

/// <summary>The vector path has the bits of the plain one, and a window has the bits of the whole picture. Bytes around every buffer stay as they were.</summary>
public sealed unsafe class UInt8ResampleTests
{
    private const int Guard = 64;
    private const byte Canary = 0xA5;

    [Fact]
    public void Vector_path_equals_plain_path()
    {
        var random = new CounterRandom(1);
        for (int i = 0; i < 300; i++)
        {
            int h = 1 + random.Next(40), w = 1 + random.Next(70), outH = 1 + random.Next(40), outW = 1 + random.Next(70), channels = random.Next(3) switch { 0 => 1, 1 => 4, _ => 3 };
            byte[] picture = Noise(h * w * channels, i);
            var plan = new UInt8Resample(h, w, outH, outW, channels, cubic: (i & 1) == 1);
            Assert.Equal(Run(plan, picture, plain: true), Run(plan, picture, plain: false));
        }
    }

    [Fact]
    public void Window_equals_part_of_the_whole()
    {
        var random = new CounterRandom(2);
        for (int i = 0; i < 200; i++)
        {
            int h = 1 + random.Next(40), w = 1 + random.Next(40);
            int outH = i % 5 == 0 ? h : 1 + random.Next(40), outW = i % 7 == 0 ? w : 1 + random.Next(40);
            int top = random.Next(outH), left = random.Next(outW);
            var window = new ResampleWindow(top, left, 1 + random.Next(outH - top), 1 + random.Next(outW - left));
            byte[] picture = Noise(h * w * 3, i);
            bool cubic = (i & 1) == 1;
            byte[] whole = Run(new UInt8Resample(h, w, outH, outW, 3, cubic), picture, plain: true);
            byte[] part = Run(new UInt8Resample(h, w, outH, outW, 3, cubic, window), picture, plain: false);
            for (int y = 0; y < window.Height; y++)
                Assert.Equal(whole.AsSpan((((top + y) * outW) + left) * 3, window.Width * 3), part.AsSpan(y * window.Width * 3, window.Width * 3));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_plain_picture_stays_plain(bool cubic)
    {
        byte[] picture = new byte[37 * 29 * 3];
        Array.Fill(picture, (byte)200);
        Assert.All(Run(new UInt8Resample(37, 29, 11, 64, 3, cubic), picture, plain: false), b => Assert.Equal(200, b));
    }

    [Fact]
    public void Equal_sizes_copy()
    {
        byte[] picture = Noise(13 * 17 * 3, 3);
        Assert.Equal(picture, Run(new UInt8Resample(13, 17, 13, 17, 3, cubic: true), picture, plain: false));
    }

    [Fact]
    public void A_window_outside_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new UInt8Resample(8, 8, 4, 4, 3, cubic: false, new ResampleWindow(1, 0, 4, 4)));

    private static byte[] Run(UInt8Resample plan, byte[] picture, bool plain)
    {
        byte[] x = Guarded(picture.Length), y = Guarded((int)plan.OutputBytes), s = Guarded((int)plan.ScratchBytes);
        picture.CopyTo(x, Guard);
        fixed (byte* px = x, py = y, ps = s)
        {
            if (plain) plan.RunPlain(px + Guard, py + Guard, ps + Guard);
            else plan.Run(px + Guard, py + Guard, ps + Guard);
        }
        foreach (byte[] buffer in new[] { x, y, s })
        {
            Assert.All(buffer[..Guard], b => Assert.Equal(Canary, b));
            Assert.All(buffer[^Guard..], b => Assert.Equal(Canary, b));
        }
        return y[Guard..^Guard];
    }

    private static byte[] Guarded(int length)
    {
        var buffer = new byte[length + (2 * Guard)];
        Array.Fill(buffer, Canary);
        return buffer;
    }

    private static byte[] Noise(int length, int seed)
    {
        var random = new CounterRandom(seed);
        var bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = random.Next(3) == 0 ? (byte)255 : (byte)random.Next(256);
        return bytes;
    }
}
