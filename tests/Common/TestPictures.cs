using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Tests.Common;

/// <summary>Seeded pictures in memory: uint8 [H, W, 3].</summary>
public static class TestPictures
{
    /// <summary>Sizes that have found faults before: one pixel, tall, wide, square, the recipe's own, both sides odd.</summary>
    public static readonly (int H, int W)[] Sizes = [(1, 1), (97, 3), (5, 211), (64, 64), (256, 256), (123, 77), (300, 301)];

    /// <summary>Smooth colours with some noise, so that networks see edges as well as areas.</summary>
    public static Tensor Make(int h, int w, int seed)
    {
        var random = new CounterRandom(seed);
        double[] phase = [.. Enumerable.Range(0, 9).Select(_ => random.NextDouble() * 6)];
        var picture = new Tensor(ElementType.UInt8, new Shape(h, w, 3));
        var pixels = picture.AsBytes();
        for (int y = 0, i = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++)
            {
                for (int c = 0; c < 3; c++, i++)
                {
                    double wave = Math.Sin((y * (1 + phase[c]) / 11) + phase[c + 3]) + Math.Cos((x * (1 + phase[c + 6]) / 7) + phase[c]);
                    pixels[i] = (byte)Math.Clamp(128 + (wave * 60) + (random.Next(31) - 15), 0, 255);
                }
            }
        }
        return picture;
    }
}
