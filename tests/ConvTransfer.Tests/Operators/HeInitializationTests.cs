using System.Runtime.InteropServices;
using ConvTransfer.Operators;

namespace ConvTransfer.Tests.Operators;

public sealed class HeInitializationTests
{
    [Fact]
    public void TheVarianceIsTwoOverTheFanIn()
    {
        var values = MemoryMarshal.Cast<byte, float>(HeInitialization.Weights("w", [64, 32, 3, 3], seed: 5, layer: 2).Bytes.Span).ToArray();
        double mean = values.Average(), variance = values.Average(v => (v - mean) * (v - mean));
        // 18,432 draws: the standard error of the variance is about 1 % of it.
        Assert.InRange(variance * 32 * 9, 1.94, 2.06);
        Assert.InRange(mean, -0.003, 0.003);
    }

    [Fact]
    public void EqualSeedsGiveEqualWeightsAndOtherLayersOthers()
    {
        var first = HeInitialization.Weights("w", [4, 4], 1, 0);
        Assert.True(first.HasSameContent(HeInitialization.Weights("w", [4, 4], 1, 0)));
        Assert.False(first.HasSameContent(HeInitialization.Weights("w", [4, 4], 1, 1)));
        Assert.False(first.HasSameContent(HeInitialization.Weights("w", [4, 4], 2, 0)));
    }

    [Fact]
    public void DimsThatAreNoWeightsAreRefused()
    {
        Assert.Throws<ArgumentException>(() => HeInitialization.Weights("w", [4], 1, 0));
        Assert.Throws<ArgumentException>(() => HeInitialization.Weights("w", [4, 0], 1, 0));
    }
}
