using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators;
using ConvTransfer.Tests.Common;
using ConvTransfer.Tests.Laws;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>What a training says it takes is what it takes. Memory is counted for the whole process, so nothing else may run meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class TrainingPlanTests
{
    [Theory]
    [InlineData(OptimizerKind.AdamW, BatchNormalizationPolicy.Train, "")]
    [InlineData(OptimizerKind.Sgd, BatchNormalizationPolicy.Frozen, "")]
    [InlineData(OptimizerKind.AdamW, BatchNormalizationPolicy.Train, "conv4*")]
    [InlineData(OptimizerKind.AdamW, BatchNormalizationPolicy.AffineOnly, "conv1*")]
    public void TheAllocatorsPeakIsThePlan(OptimizerKind optimizer, BatchNormalizationPolicy policy, string frozen)
    {
        var options = SmallTraining.Options with { Optimizer = optimizer, BatchNormalization = policy };
        Collect();
        long before = AlignedMemory.LiveBytes;
        using (var trainer = new Trainer(SmallTraining.Network(), frozen.Length == 0 ? [] : [FreezeRule.Matching(frozen)], options, new TrainerOptions { Threads = 2 }))
        {
            Collect();
            AlignedMemory.ResetPeak();
            Assert.Equal(trainer.Plan.NativeBytes, AlignedMemory.LiveBytes - before);
            trainer.Run(new RandomSamples(15));
            Assert.Equal(trainer.Plan.NativeBytes, AlignedMemory.PeakBytes - before);
        }
        Collect();
        Assert.Equal(before, AlignedMemory.LiveBytes);
    }

    [Fact]
    public void HeldOutSamplesTakeWhatThePlanSays()
    {
        Collect();
        long before = AlignedMemory.LiveBytes;
        TrainingPlan plan;
        using (var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options, new TrainerOptions { Threads = 2 }))
        {
            plan = trainer.Plan;
            Assert.True(plan.HeldOutBytes > 0);
            Collect();
            AlignedMemory.ResetPeak();
            trainer.Run(new RandomSamples(15), new RandomSamples(5));
            Assert.Equal(plan.NativeBytes + plan.HeldOutBytes, AlignedMemory.PeakBytes - before);
        }
        var limits = Limits.Default with { MemoryBytes = plan.Bytes + (plan.HeldOutBytes / 2) };
        using var small = new Trainer(SmallTraining.Network(), [], SmallTraining.Options, new TrainerOptions { Threads = 2, Limits = limits });
        Assert.Contains("held-out samples", Assert.Throws<ConvTransferException>(() => small.Run(new RandomSamples(15), new RandomSamples(5))).Message, StringComparison.Ordinal);
        small.Run(new RandomSamples(15));
    }

    // One step is there at a time: the peak is that of the greatest phase.
    [Fact]
    public void OfSeveralPhasesThePlanIsTheGreatest()
    {
        FreezeRule[] rules = [FreezeRule.Until("gap6.out")];
        var options = SmallTraining.Options with { Unfreeze = [new(1, [FreezeRule.Until("relu3.out")]), new(2, [])] };
        Collect();
        long before = AlignedMemory.LiveBytes;
        using (var trainer = new Trainer(SmallTraining.Network(), rules, options, new TrainerOptions { Threads = 2 }))
        {
            Collect();
            Assert.True(AlignedMemory.LiveBytes - before < trainer.Plan.NativeBytes);
            AlignedMemory.ResetPeak();
            trainer.Run([.. trainer.Phases.Select(_ => new RandomSamples(15))]);
            Assert.Equal(trainer.Plan.NativeBytes, AlignedMemory.PeakBytes - before);
        }
        Collect();
        Assert.Equal(before, AlignedMemory.LiveBytes);
    }

    // Each epoch once copied all weights, for its checkpoint or for none: the heap grew far beyond what is planned until it was collected.
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 0.9)]
    public void AnEpochCopiesNoWeightsToNewPlaces(bool isSaved, double average)
    {
        var net = new NetworkBuilder("wide", seed: 1);
        string x = net.Relu(net.Convolution(net.Input("image", 3, 6, 6), 128, 3));
        var wide = net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(net.Convolution(x, 512, 3))), SmallTraining.Classes));
        using var folder = new TemporaryFolder();
        long one = Allocated(1), four = Allocated(4);
        long weights = wide.Graph.Initializers.Sum(t => (long)t.Bytes.Length);
        Assert.True(four - one < weights, $"{four - one} bytes in three epochs, the weights have {weights}");

        long Allocated(int epochs)
        {
            var options = SmallTraining.Options with { Epochs = epochs, AverageDecay = average, BatchNormalization = BatchNormalizationPolicy.Frozen };
            using var trainer = new Trainer(wide, [], options, new TrainerOptions { Threads = 1, CheckpointFolder = isSaved ? folder.Path($"{epochs}") : null });
            long before = GC.GetTotalAllocatedBytes(precise: true);
            trainer.Run(new RandomSamples(4), new RandomSamples(4));
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }
    }

    [Fact]
    public void AMixedBatchIsCopiedOnce()
    {
        long Bytes(double mixup)
        {
            using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { MixupAlpha = mixup }, new TrainerOptions());
            return trainer.Plan.Bytes;
        }

        Assert.Equal(4 * 3 * 6 * 6 * sizeof(float), Bytes(0.2) - Bytes(0));
    }

    [Fact]
    public void MultiplicationsAreThoseOfTheLayers()
    {
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { BatchNormalization = BatchNormalizationPolicy.Frozen }, new TrainerOptions());
        // Of a sample: conv1 gives 5 x 6 x 6 from 3 x 3 x 3, conv4 gives 6 x 4 x 4 from 5 x 3 x 3, the dense layer 3 from 6.
        long conv1 = 5 * 36 * 27, conv4 = 6 * 16 * 45, dense = 18, normalization = 5 * 36;
        // Backward each layer takes as many for its weights and as many for its input; the first layer's input wants no gradient.
        long expected = 4 * ((2 * conv1) + (3 * conv4) + (3 * dense) + normalization);
        Assert.Equal(expected, trainer.Plan.MultiplyAddsPerBatch);
        Assert.Equal(4.0 * expected, trainer.Plan.MultiplyAddsPerEpoch(15));
    }

    [Fact]
    public void ABatchThatIsTooLargeIsRefusedWithTheLargestThatFits()
    {
        long Bytes(int batch)
        {
            using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { BatchSize = batch }, new TrainerOptions { Threads = 1 });
            return trainer.Plan.Bytes;
        }

        foreach (int fits in (int[])[1, 5, 8, 63])
        {
            var limits = Limits.Default with { MemoryBytes = (Bytes(fits) + Bytes(fits + 1)) / 2 };
            var failure = Assert.Throws<ConvTransferException>(() => new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { BatchSize = 64 }, new TrainerOptions { Threads = 1, Limits = limits }));
            Assert.Equal(FailureCause.Limit, failure.Cause);
            Assert.Contains($"the largest batch that fits is {fits}", failure.Message, StringComparison.Ordinal);
        }
        var none = Assert.Throws<ConvTransferException>(() => new Trainer(SmallTraining.Network(), [], SmallTraining.Options, new TrainerOptions { Threads = 1, Limits = Limits.Default with { MemoryBytes = 4000 } }));
        Assert.Contains("not even a batch of one sample fits", none.Message, StringComparison.Ordinal);
    }

    // Tensors of other tests that nobody disposed are freed first.
    internal static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
