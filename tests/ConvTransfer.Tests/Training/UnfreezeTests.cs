using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>A training whose frozen part shrinks: the bits of trainings that are chained by hand, and of one that never stopped.</summary>
public sealed class UnfreezeTests
{
    // Only the head, then conv4 too, then all: three phases of one epoch, four batches each.
    private static readonly FreezeRule Start = FreezeRule.Until("gap6.out");
    private static readonly ValueList<UnfreezePhase> Phases = [new(1, [FreezeRule.Until("relu3.out")]), new(2, [])];
    private static readonly FineTuneOptions Options = SmallTraining.Options with { Unfreeze = Phases };

    [Fact]
    public void EachPhaseHasItsFrontierAndItsWeights()
    {
        using var trainer = new Trainer(SmallTraining.Network(), [Start], Options, new TrainerOptions());
        Assert.Equal([0, 1, 2], trainer.Phases.Select(p => p.Epoch));
        Assert.Equal(["flatten7.out", "relu3.out", "image"], trainer.Phases.Select(p => Assert.Single(p.Frontier)));
        Assert.Equal([2, 4, 8], trainer.Phases.Select(p => p.TrainedWeights.Count));
        Assert.Equal(trainer.Phases[^1].TrainedWeights, trainer.TrainedWeights);
        Assert.Null(trainer.Phases[^1].First);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.9, 1)]
    [InlineData(0.9, 3)]
    public void TheBitsAreThoseOfTrainingsThatAreChainedByHand(double momentum, int accumulate)
    {
        var options = Options with { Optimizer = OptimizerKind.Sgd, Momentum = momentum, Accumulate = accumulate };
        var network = SmallTraining.Network();
        var moments = new Dictionary<string, float[]>();
        FreezeRule[][] rules = [[Start], [.. Phases[0].Freeze], []];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            using var trainer = new Trainer(network, rules[epoch], options with { Unfreeze = [] }, new TrainerOptions { Seed = 3 });
            var batches = new BatchTrainer(trainer, [new RandomSamples(15)]);
            for (int i = 0; i < trainer.TrainedWeights.Count; i++)
                if (moments.TryGetValue(trainer.TrainedWeights[i], out float[]? known)) known.CopyTo(batches.Optimizer.First[i], 0);
            int[] order = batches.Order(epoch);
            for (int batch = 0; batch < 4; batch++) Assert.Null(batches.Train(order, epoch, batch, options.Schedule.At((4 * epoch) + batch, 4, 3, 0), default).NotFinite);
            for (int i = 0; i < trainer.TrainedWeights.Count; i++) moments[trainer.TrainedWeights[i]] = batches.Optimizer.First[i];
            network = trainer.Trained();
        }
        Assert.Equal(SmallTraining.Bytes(network), SmallTraining.Bytes(Run(options, new TrainerOptions { Seed = 3 }).Network));
    }

    [Fact]
    public void PhasesThatFreezeTheSameAreNoPhases()
    {
        var plain = SmallTraining.Options with { AverageDecay = 0.9, Accumulate = 2, MixupAlpha = 0.2 };
        byte[] expected = SmallTraining.Bytes(SmallTraining.Run(plain, new TrainerOptions(), freeze: FreezeRule.Matching("conv1*")).Network);
        var phased = plain with { Unfreeze = [new(1, [FreezeRule.Matching("conv1*")]), new(2, [FreezeRule.Matching("conv1*")])] };
        Assert.Equal(expected, SmallTraining.Bytes(SmallTraining.Run(phased, new TrainerOptions(), freeze: FreezeRule.Matching("conv1*")).Network));
    }

    [Fact]
    public void NeitherThreadsNorStopsChangeABit()
    {
        var options = Options with { AverageDecay = 0.9, Accumulate = 3, Patience = 3, MixupAlpha = 0.2 };
        var whole = Run(options, new TrainerOptions { Seed = 3 }, heldOut: new RandomSamples(5));
        byte[] expected = SmallTraining.Bytes(whole.Network);
        foreach (int threads in (int[])[1, 3]) Assert.Equal(expected, SmallTraining.Bytes(Run(options, new TrainerOptions { Seed = 3, Threads = threads }, heldOut: new RandomSamples(5)).Network));
        foreach (int every in (int[])[0, 1, 3])
        {
            using var folder = new TemporaryFolder();
            var how = new TrainerOptions { Seed = 3, CheckpointFolder = folder.Path("run"), CheckpointEvery = every, Resume = true };
            var result = whole;
            // The end of an epoch, the beginning of one, and the middle.
            foreach (int stop in (int[])[4, 1, 2, 1, 3, -1]) result = Run(options, how, stop, new RandomSamples(5));
            Assert.Equal(TrainingEnd.Finished, result.End);
            Assert.Equal(whole.Epochs, result.Epochs);
            Assert.Equal(expected, SmallTraining.Bytes(result.Network));
        }
    }

    // The running average too: a mean of equal numbers may differ from them in the last bit.
    [Fact]
    public void WhatIsStillFrozenIsByteForByteAsItWas()
    {
        var result = Run(Options with { AverageDecay = 0.9 }, new TrainerOptions(), cancelAfter: 8);
        Assert.Equal(TrainingEnd.Cancelled, result.End);
        foreach (var (before, after) in SmallTraining.Network().Graph.Initializers.Zip(result.Network.Graph.Initializers))
            Assert.Equal(!before.Name.StartsWith("conv4", StringComparison.Ordinal) && !before.Name.StartsWith("dense8", StringComparison.Ordinal), before.Bytes.Span.SequenceEqual(after.Bytes.Span));
    }

    // Adam's first step of a weight is as long as its rate, whenever it is: its moments count from there.
    [Fact]
    public void AWeightThatJoinsLaterTakesAFirstStep()
    {
        var options = Options with { Optimizer = OptimizerKind.Adam, WeightDecay = 0, Schedule = LearningRateSchedule.Constant, ClipNorm = 0 };
        var before = Weight(SmallTraining.Network());
        var after = Weight(Run(options, new TrainerOptions(), cancelAfter: 5).Network);
        double[] moved = [.. before.Zip(after, (a, b) => Math.Abs((double)b - a)).Where(d => d > 0)];
        Assert.True(moved.Length > before.Length / 2);
        Assert.Equal(options.BodyRate, moved.Max(), 0.01 * options.BodyRate);

        static float[] Weight(Model model)
        {
            using var tensor = model.Graph.Initializers.Single(t => t.Name == "conv4.weight").ToTensor();
            return tensor.AsSpan<float>().ToArray();
        }
    }

    [Fact]
    public void AScheduleThatMakesNoSenseIsRefused()
    {
        Assert.Contains("only unfreezes", Assert.Throws<ArgumentException>(() => Make(Options with { Unfreeze = [new(1, []), new(2, [FreezeRule.Matching("conv4*")])] })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Make(Options with { Unfreeze = [new(1, [FreezeRule.Until("nosuch")])] }));
        foreach (var wrong in (ValueList<UnfreezePhase>[])[[new(0, [])], [new(3, [])], [new(2, []), new(1, [])], [new(1, []), new(1, [])]]) Assert.Throws<ArgumentOutOfRangeException>(() => Make(Options with { Unfreeze = wrong }));

        static Trainer Make(FineTuneOptions options) => new(SmallTraining.Network(), [Start], options, new TrainerOptions());
    }

    [Fact]
    public void ItRunsOnceWithASourceForEachFrontier()
    {
        using var trainer = new Trainer(SmallTraining.Network(), [Start], Options, new TrainerOptions());
        Assert.Throws<ArgumentException>(() => trainer.Run(new RandomSamples(15)));
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Run([new RandomSamples(15)]));
        ISampleSource[] sources = [.. trainer.Phases.Select(_ => new RandomSamples(15))];
        byte[] searched = SmallTraining.Bytes(Run(Options, new TrainerOptions()).Network);
        trainer.FindLearningRate(sources[0], new LearningRateFinderOptions { Steps = 10 });
        Assert.Equal(searched, SmallTraining.Bytes(trainer.Run(sources).Network));
        Assert.Throws<InvalidOperationException>(() => trainer.Run(sources));
    }

    [Fact]
    public void AnotherScheduleIsAnotherTraining()
    {
        using var folder = new TemporaryFolder();
        var how = new TrainerOptions { CheckpointFolder = folder.Path("run"), Resume = true };
        Run(Options, how, cancelAfter: 5);
        Assert.Contains("Unfreeze is after 1: nothing frozen, was after 1: up to and including 'relu3.out'; after 2: nothing frozen", Assert.Throws<ConvTransferException>(() => Run(Options with { Unfreeze = [new(1, [])] }, how)).Message, StringComparison.Ordinal);
    }

    private static TrainingResult Run(FineTuneOptions options, TrainerOptions how, int cancelAfter = -1, ISampleSource? heldOut = null) => SmallTraining.Run(options, how, cancelAfter: cancelAfter, heldOut: heldOut, freeze: Start);
}
