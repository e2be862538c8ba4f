using ConvTransfer.Engine.Reduction;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Tests.Simd;

namespace ConvTransfer.Tests.Reduction;

/// <summary>Sums of squares against plain ones in double, with NaN around every buffer.</summary>
public sealed class SquareSumTests
{
    [Fact]
    public void ItIsThePlainSumForEveryNumberOfThreads()
    {
        using Crew one = new(1), three = new(3);
        // The last one has more numbers than the most units of the least length.
        foreach (int count in (int[])[0, 1, 7, 8, 9, 16384, 16385, 50001, (1024 * 16384) + 5])
        {
            using var x = new GuardedBuffer(count, seed: 8);
            double expected = 0;
            foreach (float value in x.Span) expected += (double)value * value;
            double sum = SquareSum.Of(x.Span, one);
            Assert.Equal(expected, sum, expected * 1e-12);
            Assert.Equal(BitConverter.DoubleToInt64Bits(sum), BitConverter.DoubleToInt64Bits(SquareSum.Of(x.Span, three)));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void WhatIsNotFiniteShows(float value)
    {
        using var crew = new Crew(2);
        for (int at = 0; at < 40; at++)
        {
            float[] x = new float[40];
            x[at] = value;
            Assert.False(double.IsFinite(SquareSum.Of(x, crew)));
        }
        Assert.Equal(2 * Math.Pow(float.MaxValue, 2), SquareSum.Of([float.MaxValue, float.MinValue], crew));
    }
}
