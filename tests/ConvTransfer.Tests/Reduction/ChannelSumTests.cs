using ConvTransfer.Engine.Reduction;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Tests.Simd;

namespace ConvTransfer.Tests.Reduction;

/// <summary>Sums of channels against sums in double, on every width, with NaN around every buffer.</summary>
public sealed unsafe class ChannelSumTests
{
    [Fact]
    public void EveryWidthEqualsTheSumInDoubleForEveryNumberOfThreads()
    {
        using Crew one = new(1), three = new(3);
        foreach (var (images, channels, positions) in new[] { (0, 3, 5), (3, 4, 0), (1, 1, 1), (5, 7, 1), (2, 3, 15), (2, 3, 16), (2, 3, 17), (1, 2, 63), (3, 5, 64), (1, 5, 131), (2, 70, 900) })
        {
            using var x = new GuardedBuffer((long)images * channels * positions, seed: 6);
            foreach (var width in Widths.All)
            {
                var sum = ChannelSum.Create(images, channels, positions, width);
                using GuardedBuffer first = new(channels), second = new(channels);
                sum.Run(x.Pointer, first.Pointer, one);
                sum.Run(x.Pointer, second.Pointer, three);
                first.AssertGuardsStand($"{width}");
                Assert.True(first.Span.SequenceEqual(second.Span), $"{width}: threads");
                for (int c = 0; c < channels; c++)
                {
                    double expected = 0;
                    for (int i = 0; i < images * positions; i++) expected += x.Span[(((i / positions * channels) + c) * positions) + (i % positions)];
                    Assert.True(Math.Abs(first.Span[c] - expected) <= 2e-6 * (1 + Math.Sqrt(images * positions)), $"{width}, {images} x {channels} x {positions}: [{c}] is {first.Span[c]}, expected {expected}");
                }
            }
        }
    }
}
