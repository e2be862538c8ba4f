using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>The search for a learning rate leaves nothing behind, ends where it should, and suggests what the curve says.</summary>
public sealed class LearningRateFinderTests
{
    private static readonly LearningRateFinderOptions Few = new() { Steps = 30, Least = 1e-4, Greatest = 10 };

    public static TheoryData<OptimizerKind> Optimizers => [.. Enum.GetValues<OptimizerKind>()];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void AfterItEverythingIsAsItWas(OptimizerKind optimizer)
    {
        var options = SmallTraining.Options with { Optimizer = optimizer, Accumulate = 2, AverageDecay = 0.9, MixupAlpha = 0.2 };
        var whole = SmallTraining.Run(options, new TrainerOptions { Seed = 3 });
        using var trainer = new Trainer(SmallTraining.Network(), [], options, new TrainerOptions { Seed = 3 });
        byte[] before = Bytes(trainer);
        var curve = trainer.FindLearningRate(new RandomSamples(15), Few);
        Assert.True(curve.Points.Count > 10);
        Assert.Equal(before, Bytes(trainer));
        var after = trainer.Run(new RandomSamples(15));
        Assert.Equal(whole.Epochs, after.Epochs);
        Assert.Equal(SmallTraining.Bytes(whole.Network), SmallTraining.Bytes(after.Network));
    }

    [Fact]
    public void ACancelledSearchTakesEverythingBackToo()
    {
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options, new TrainerOptions());
        using var source = new CancellationTokenSource();
        byte[] before = Bytes(trainer);
        Assert.Throws<OperationCanceledException>(() => trainer.FindLearningRate(new RandomSamples(15), Few, new At(5, source.Cancel), source.Token));
        Assert.Equal(before, Bytes(trainer));
    }

    [Fact]
    public void RatesRiseByOneFactorAndFewSamplesAreGoneThroughAgain()
    {
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { BatchSize = 2, Optimizer = OptimizerKind.Sgd, ClipNorm = 1 }, new TrainerOptions());
        var points = trainer.FindLearningRate(new RandomSamples(3), new LearningRateFinderOptions { Steps = 40, Least = 1e-5, Greatest = 1e-2, Smoothing = 0 }).Points;
        Assert.Equal(40, points.Count);
        Assert.Equal((1e-5, 1e-2), (points[0].Rate, Math.Round(points[^1].Rate, 12)));
        for (int i = 1; i < points.Count; i++) Assert.Equal(Math.Pow(1e3, 1 / 39.0), points[i].Rate / points[i - 1].Rate, 1e-9);
        Assert.All(points, p => Assert.Equal(p.Loss, p.Smoothed, 1e-12));
    }

    [Fact]
    public void ALossThatIsNoLongerFiniteEndsTheSearch()
    {
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { Optimizer = OptimizerKind.Sgd, ClipNorm = 0, BatchNormalization = BatchNormalizationPolicy.AffineOnly }, new TrainerOptions());
        byte[] before = Bytes(trainer);
        var curve = trainer.FindLearningRate(new RandomSamples(15), new LearningRateFinderOptions { Steps = 40, Greatest = 1e30, StopAt = double.MaxValue });
        Assert.InRange(curve.Points.Count, 2, 39);
        Assert.All(curve.Points, p => Assert.True(double.IsFinite(p.Smoothed)));
        Assert.Equal(before, Bytes(trainer));
        var bad = trainer.FindLearningRate(new RandomSamples(4, bad: new SampleView(1, 0)));
        Assert.Equal((0, null), (bad.Points.Count, bad.Suggestion));
    }

    [Fact]
    public void ALossFarAboveTheLeastEndsTheSearch()
    {
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { Optimizer = OptimizerKind.Sgd, ClipNorm = 0 }, new TrainerOptions());
        var points = trainer.FindLearningRate(new RandomSamples(15), new LearningRateFinderOptions { Steps = 60, Least = 1e-3, Greatest = 1e6 }).Points;
        Assert.True(points.Count < 60);
        double least = points.SkipLast(1).Min(p => p.Smoothed);
        Assert.True(points[^1].Smoothed > 4 * least);
        Assert.All(points.SkipLast(1), p => Assert.True(p.Smoothed <= 4 * points[0].Smoothed));
    }

    // A curve that is flat up to 1e-4, falls along a cosine to its least at 1e-1, and rises: steepest in the middle of the fall.
    [Fact]
    public void TheSuggestionIsWhereTheSmoothedLossFallsFastest()
    {
        var curve = Curve(at => at < -4 ? 2 : at < -1 ? 1.5 + (0.5 * Math.Cos(Math.PI * (at + 4) / 3)) : 1 + Math.Pow(at + 1, 2));
        Assert.Equal(-2.5, Math.Log10(curve.Steepest!.Value), 0.1);
        Assert.Equal(-2, Math.Log10(curve.TenthOfLeast!.Value), 0.06);
        Assert.Equal(curve.Steepest, curve.Suggestion);
        var options = curve.WithRate(curve.Suggestion!.Value);
        Assert.Equal(curve.Suggestion!.Value, options.HeadRate, 1e-12);
        Assert.Equal(FineTuneOptions.Default.BodyRate / FineTuneOptions.Default.HeadRate, options.BodyRate / options.HeadRate, 1e-9);
        Assert.Null(Curve(at => at + 7).Suggestion);
    }

    [Theory]
    [InlineData(0, 1, 100, 0.9)]
    [InlineData(double.NaN, 1, 100, 0.9)]
    [InlineData(1, 1, 100, 0.9)]
    [InlineData(1e-6, double.PositiveInfinity, 100, 0.9)]
    [InlineData(1e-6, 1, 9, 0.9)]
    [InlineData(1e-6, 1, 100, 1)]
    public void OptionsOutOfRangeAreRefused(double least, double greatest, int steps, double smoothing)
    {
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options, new TrainerOptions());
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.FindLearningRate(new RandomSamples(15), new LearningRateFinderOptions { Least = least, Greatest = greatest, Steps = steps, Smoothing = smoothing }));
    }

    private static LearningRateCurve Curve(Func<double, double> lossAt) => new(Enumerable.Range(0, 121).Select(i => -6 + (i * 0.05))
        .Select(at => new LearningRatePoint(Math.Pow(10, at), lossAt(at), lossAt(at))).ToValueList(), FineTuneOptions.Default.HeadRate, FineTuneOptions.Default);

    private static byte[] Bytes(Trainer trainer) => [.. trainer.Weights.Copy().SelectMany(w => MemoryMarshal.AsBytes(w.AsSpan()).ToArray())];

    private sealed class At(int step, Action act) : IProgress<ProgressReport>
    {
        public void Report(ProgressReport value)
        {
            if (value.Done == step) act();
        }
    }
}
