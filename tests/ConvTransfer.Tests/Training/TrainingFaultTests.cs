using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Faults of a training's surroundings: rows T10, T12 and T13 of the catalogue.</summary>
public sealed class TrainingFaultTests
{
    // Row T10: at whatever moment, the weights are those of a whole step.
    [Fact]
    public void CancelledAtAnyMomentItHasTheWeightsOfAWholeStep()
    {
        const int Steps = 12;
        byte[][] after = [.. Enumerable.Range(0, Steps + 1).Select(step => SmallTraining.Bytes(SmallTraining.Run(SmallTraining.Options, new TrainerOptions { Seed = 3, Threads = 1 }, cancelAfter: step).Network))];
        Assert.Equal(Steps + 1, after.Select(Convert.ToHexString).Distinct().Count());
        var random = new CounterRandom(17);
        var seen = new HashSet<long>();
        for (int trial = 0; trial < 200; trial++)
        {
            using var source = new CancellationTokenSource();
            // Within a read of samples or beside the steps: a share of the calls that the training makes.
            int calls = random.Next(2 * Steps);
            using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options, new TrainerOptions { Seed = 3, Threads = 1 + (trial % 3) });
            using var timer = trial % 2 == 0 ? null : new Timer(_ => source.Cancel(), null, random.Next(12), Timeout.Infinite);
            var samples = new Recorded(new RandomSamples(15), _ =>
            {
                if (trial % 2 == 0 && --calls == 0) source.Cancel();
            });
            var result = trainer.Run(samples, null, null, source.Token);
            Assert.Equal(Convert.ToHexString(after[result.Steps]), Convert.ToHexString(SmallTraining.Bytes(result.Network)));
            Assert.Equal(result.Steps < Steps, result.End == TrainingEnd.Cancelled);
            seen.Add(result.Steps);
        }
        Assert.True(seen.Count > 5, $"it was cancelled after {string.Join(", ", seen.Order())} steps only");
    }

    // Row T12.
    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void AClassOutsideTheHeadIsRefusedBeforeTheFirstBatch(int label)
    {
        bool isRead = false;
        var samples = new Recorded(new RandomSamples(15), _ => isRead = true) { Wrong = label };
        foreach (bool isHeldOut in (bool[])[false, true])
        {
            using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options, new TrainerOptions());
            var failure = Assert.Throws<ConvTransferException>(() => isHeldOut ? trainer.Run(new RandomSamples(15), samples) : trainer.Run(samples));
            Assert.Equal(FailureCause.DataInvalid, failure.Cause);
            Assert.Contains($"sample 7 is of class {label}, but the head has 3 classes", failure.Message, StringComparison.Ordinal);
        }
        Assert.False(isRead);
    }

    // Row T13: a last batch of one sample is filled up with the first samples of the epoch, and statistics are those of a whole batch.
    [Fact]
    public void ALastBatchOfOneIsFilledUp()
    {
        var batches = new List<SampleView[]>();
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { Epochs = 1 }, new TrainerOptions { Seed = 3 });
        trainer.Run(new Recorded(new RandomSamples(13), views => batches.Add(views)));
        Assert.Equal([4, 4, 4, 4], batches.Select(b => b.Length));
        var seen = batches.SelectMany(b => b).ToArray();
        Assert.Equal(13, seen.Take(13).Distinct().Count());
        Assert.Equal(seen.Take(3), seen.Skip(13));
    }

    private sealed class Recorded(ISampleSource samples, Action<SampleView[]> read) : ISampleSource
    {
        /// <summary>The class that the eighth sample has.</summary>
        public int? Wrong { get; init; }

        public int Count => samples.Count;

        public int Label(int index) => index == 7 && Wrong is int wrong ? wrong : samples.Label(index);

        public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
        {
            read(views.ToArray());
            samples.Read(views, values, cancellationToken);
        }
    }
}
