namespace ConvTransfer.Tests.Laws;

/// <summary>Laws L2 and L10: what is fused gives the bits of its parts. A value that is asked for is never fused away, so asking for all of them is the run without fusion.</summary>
public sealed class FusionLaw
{
    public static TheoryData<string> Sums => Chains.Names;

    [Theory]
    [MemberData(nameof(Sums))]
    public void FusionDoesNotChangeBits(string sum)
    {
        foreach (var chain in Chains.Of(sum))
        {
            string[] all = [.. chain.Values.Where(v => v != chain.Result), chain.Result];
            using var parts = chain.Trial(all);
            using var expected = parts.Run(poisoned: true);
            foreach (int threads in new[] { 1, 2 })
            {
                using var whole = chain.Trial();
                using var actual = whole.Run(threads, poisoned: true);
                Assert.True(Results.Difference(actual.Tensors[0], expected.Tensors[^1], Tolerance.Exact) is not { } difference, $"{chain.Name}, {threads} threads: {Results.Difference(actual.Tensors[0], expected.Tensors[^1], Tolerance.Exact)}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sums))]
    public void AChainEqualsItsReference(string sum)
    {
        foreach (var chain in Chains.Of(sum))
        {
            // What a clip hides may have been large, and its rounding error with it.
            using var parts = chain.Trial(chain.Values);
            using var values = parts.Reference();
            using var trial = chain.Trial();
            using var expected = trial.Reference();
            using var actual = trial.Run(threads: 2, poisoned: true);
            actual.AssertClose(expected, Tolerances.OfSum(chain.Input.Shape.ElementCount, values.Tensors.Max(Results.Largest)), chain.Name);
        }
    }

    // Otherwise the law above would hold for the reason that nothing is fused.
    [Theory]
    [InlineData("3x3", 1)]
    [InlineData("1x1", 1)]
    [InlineData("depthwise", 1)]
    [InlineData("Gemm", 1)]
    public void ASumWithNormalizationAndRectifierIsOneStep(string sum, int steps)
    {
        using var trial = Chains.Of(sum).Single(c => c.Name.EndsWith(": BatchNormalization, Relu", StringComparison.Ordinal)).Trial();
        Assert.Equal(steps, trial.Plans().Sum(p => p.Steps.Length));
    }
}
