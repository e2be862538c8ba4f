using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>A training that was cancelled goes on from its checkpoint to the bits of one that never stopped.</summary>
public sealed class ResumeTests
{
    private static readonly Dictionary<string, FineTuneOptions> Forms = new()
    {
        ["sgd"] = SmallTraining.Options with { Optimizer = OptimizerKind.Sgd, Nesterov = true },
        ["adamw"] = SmallTraining.Options,
        ["average"] = SmallTraining.Options with { AverageDecay = 0.9, Patience = 2 },
        ["accumulation"] = SmallTraining.Options with { Accumulate = 3, AverageDecay = 0.9, MixupAlpha = 0.2 },
        ["mixing"] = SmallTraining.Options with { MixupAlpha = 0.4, CutMixAlpha = 1, Accumulate = 2 },
        ["plateau"] = SmallTraining.Options with { Patience = 1, Epochs = 6, Schedule = LearningRateSchedule.Plateau(0, 0.5) },
    };

    public static TheoryData<string> Names => new(Forms.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void AResumedTrainingGivesTheBitsOfOneThatNeverStopped(string form)
    {
        var options = Forms[form];
        var heldOut = options.Patience > 0 ? new RandomSamples(5) : null;
        var whole = SmallTraining.Run(options, new TrainerOptions { Seed = 3 }, heldOut: heldOut);
        var random = new CounterRandom(5);
        for (int trial = 0; trial < 4; trial++)
        {
            using var folder = new TemporaryFolder();
            var how = new TrainerOptions { Seed = 3, CheckpointFolder = folder.Path("run"), CheckpointEvery = random.Next(4), Resume = true };
            var result = SmallTraining.Run(options, how, cancelAfter: random.Next(6), heldOut: heldOut);
            for (int part = 0; result.End == TrainingEnd.Cancelled; part++) result = SmallTraining.Run(options, how, cancelAfter: part > 1 ? -1 : 1 + random.Next(4), heldOut: heldOut);
            Assert.Equal(whole.End, result.End);
            Assert.Equal(whole.Steps, result.Steps);
            Assert.Equal(whole.Epochs, result.Epochs);
            Assert.Equal(SmallTraining.Bytes(whole.Network), SmallTraining.Bytes(result.Network));
            Assert.Equal(SmallTraining.Bytes(whole.Network), SmallTraining.Bytes(SmallTraining.Run(options, how, heldOut: heldOut).Network));
        }
    }

    // Row T25.
    [Theory]
    [MemberData(nameof(Names))]
    public void TheSameSeedGivesTheSameBitsOnAnyNumberOfThreads(string form)
    {
        byte[][] weights = [.. new[] { 1, 2, 3, 7, 8 }.Select(threads => SmallTraining.Bytes(SmallTraining.Run(Forms[form], new TrainerOptions { Seed = 3, Threads = threads }).Network))];
        Assert.All(weights, w => Assert.Equal(weights[0], w));
        Assert.NotEqual(weights[0], SmallTraining.Bytes(SmallTraining.Run(Forms[form], new TrainerOptions { Seed = 4 }).Network));
    }

    [Fact]
    public void AnotherTrainingIsRefusedWithAllThatDiffers()
    {
        using var folder = new TemporaryFolder();
        var how = new TrainerOptions { CheckpointFolder = folder.Path("run"), Resume = true };
        SmallTraining.Run(SmallTraining.Options, how, cancelAfter: 5);
        var failure = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(SmallTraining.Options with { BodyRate = 0.5, ClipNorm = 1 }, how with { Seed = 9 }, new RandomSamples(14, shift: 1), network: SmallTraining.Network(2)));
        Assert.Equal(FailureCause.Checkpoint, failure.Cause);
        foreach (string part in (string[])["the network is ", "the seed is 9, was 0", "the number of samples is 14, was 15", "the classes of the samples", "BodyRate is 0.5, was 0.01", "ClipNorm is 1, was 5", "learning rates"]) Assert.Contains(part, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Momentum", failure.Message, StringComparison.Ordinal);
        Assert.Contains("earlier training", Assert.Throws<ConvTransferException>(() => SmallTraining.Run(SmallTraining.Options, how with { Resume = false })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFingerprintHasEveryOption()
    {
        var expected = typeof(FineTuneOptions).GetProperties().Where(p => p.GetMethod is { IsStatic: false }).Select(p => p.Name).Order(StringComparer.Ordinal);
        Assert.Equal(expected, TrainingFingerprints.Of(FineTuneOptions.Default).Select(i => i.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AFrozenLayerKeepsItsBytesAndLetsGradientsThrough()
    {
        var before = SmallTraining.Network();
        var after = SmallTraining.Run(SmallTraining.Options, new TrainerOptions(), freeze: FreezeRule.Matching("conv4*")).Network;
        foreach (var (old, now) in before.Graph.Initializers.Zip(after.Graph.Initializers))
        {
            bool isFrozen = old.Name.StartsWith("conv4", StringComparison.Ordinal);
            Assert.True(isFrozen == old.Bytes.Span.SequenceEqual(now.Bytes.Span), $"{old.Name}: {(isFrozen ? "was changed" : "is as it was")}");
        }
    }

    // Row M43: frozen or not.
    [Theory]
    [InlineData("conv4.weight", float.NaN, "")]
    [InlineData("conv1.bias", float.PositiveInfinity, "conv1*")]
    [InlineData("bn2.variance", float.NegativeInfinity, "bn2*")]
    public void WeightsThatAreNotFiniteAreRefused(string name, float value, string frozen)
    {
        var network = SmallTraining.Network();
        var data = network.Graph.Initializers.Single(t => t.Name == name);
        using var tensor = data.ToTensor();
        tensor.AsSpan<float>()[2] = value;
        network = network with { Graph = network.Graph.ReplaceInitializers([TensorData.From(name, tensor)]) };
        var failure = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(SmallTraining.Options, new TrainerOptions(), network: network, freeze: frozen.Length == 0 ? [] : [FreezeRule.Matching(frozen)]));
        Assert.Equal(FailureCause.DataInvalid, failure.Cause);
        Assert.Contains($"weight '{name}' holds {value} at element 2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANumberThatIsNotFiniteStopsAndLeavesTheCheckpoint()
    {
        using var folder = new TemporaryFolder();
        var how = new TrainerOptions { CheckpointFolder = folder.Path("run"), Resume = true };
        var failure = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(SmallTraining.Options, how, new RandomSamples(15, bad: new SampleView(6, 1))));
        Assert.Contains("epoch 2", failure.Message, StringComparison.Ordinal);
        Assert.Contains("conv1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("checkpoint-1", failure.Message, StringComparison.Ordinal);
        var whole = SmallTraining.Run(SmallTraining.Options, new TrainerOptions());
        Assert.Equal(SmallTraining.Bytes(whole.Network), SmallTraining.Bytes(SmallTraining.Run(SmallTraining.Options, how).Network));
    }
}
