using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Mixup and CutMix: what is mixed with what, by which share, and where a box cannot be cut.</summary>
public sealed class BatchMixingTests
{
    private const int Batch = 5;

    public static TheoryData<long[]> Shapes => [[Batch, 3, 7], [Batch, 2, 6, 5], [Batch, 2, 4, 3, 5]];

    // Each number names its sample, channel and position; so the mixed tensor shows where each came from.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void ABoxComesFromThePartnerAndTheTargetsFollowItsTrueShare(long[] dims)
    {
        var mixing = new BatchMixing(new FineTuneOptions { CutMixAlpha = 1 });
        int sample = (int)new Shape(dims).Product(1, dims.Length), moved = 0;
        int channels = (int)dims[1], positions = sample / channels;
        for (int trial = 0; trial < 50; trial++)
        {
            using var values = Tensor.From(new Shape(dims), [.. Enumerable.Range(0, Batch * sample).Select(i => (float)i)]);
            using var target = Tensor.From(new Shape(Batch, Batch), [.. Enumerable.Range(0, Batch * Batch).Select(i => i / Batch == i % Batch ? 1f : 0)]);
            mixing.Mix(new CounterRandom(trial), [values], target);
            float[] mixed = values.AsSpan<float>().ToArray(), targets = target.AsSpan<float>().ToArray();
            bool[]? box = null;
            for (int n = 0; n < Batch; n++)
            {
                int[] from = [.. mixed.Skip(n * sample).Take(sample).Select(v => (int)v / sample)];
                for (int i = 0; i < sample; i++) Assert.Equal(i, (int)mixed[(n * sample) + i] % sample);
                int[] others = [.. from.Distinct().Where(f => f != n)];
                Assert.True(others.Length <= 1);
                double share = from.Count(f => f == n) / (double)sample;
                Assert.Equal(1, targets.Skip(n * Batch).Take(Batch).Sum(), 1e-6);
                Assert.Equal(share, targets[(n * Batch) + n], 1e-6);
                if (others.Length == 0) continue;
                moved++;
                bool[] inside = [.. from.Select(f => f != n)];
                box ??= inside;
                Assert.Equal(box, inside);
                // Every channel has the same box.
                for (int c = 1; c < channels; c++) Assert.Equal(inside[..positions], inside[(c * positions)..((c + 1) * positions)]);
            }
        }
        Assert.True(moved > 20);
    }

    [Fact]
    public void BoxesLeaveTheDrawnShareOnAverageAndLieAnywhere()
    {
        var random = new CounterRandom(1);
        int[] axes = [31, 40];
        double[] covered = new double[31 * 40];
        for (int trial = 0; trial < 4000; trial++)
        {
            var box = BatchMixing.Box.Draw(ref random, axes, 0.75);
            Assert.InRange(box.Share, 0, 0.26);
            for (int y = box.From[0]; y < box.To[0]; y++)
                for (int x = box.From[1]; x < box.To[1]; x++) covered[(y * 40) + x]++;
        }
        // In the middle, where nothing hangs over an edge, each element is covered as often as the share says.
        Assert.Equal(0.25, covered[(15 * 40) + 20] / 4000, 0.03);
        Assert.True(covered.Min() > 100);
        Assert.Equal(0, BatchMixing.Box.Draw(ref random, axes, 1).Share);
    }

    // A batch of boxes has only numbers that were there before; a blended one has others.
    [Fact]
    public void WithBothOneIsDrawnForEachBatch()
    {
        var mixing = new BatchMixing(new FineTuneOptions { CutMixAlpha = 1, MixupAlpha = 1 });
        int blended = 0;
        for (int trial = 0; trial < 200; trial++)
        {
            using var values = Tensor.From(new Shape(Batch, 2, 6, 6), [.. Enumerable.Range(0, Batch * 72).Select(i => (float)i)]);
            using var target = new Tensor(ElementType.Float32, new Shape(Batch, 2));
            mixing.Mix(new CounterRandom(trial), [values], target);
            if (values.AsSpan<float>().ToArray().Any(v => v != (int)v)) blended++;
        }
        Assert.InRange(blended, 70, 130);
    }

    [Fact]
    public void WhereNoBoxCanBeCutItIsRefusedBeforeTheFirstBatch()
    {
        var cutMix = SmallTraining.Options with { CutMixAlpha = 1 };
        Refused(() => new Trainer(SmallTraining.Network(), [FreezeRule.Until("flatten7.out")], cutMix, new TrainerOptions()), "flatten7.out", "no spatial axes");
        new Trainer(SmallTraining.Network(), [FreezeRule.Until("relu3.out")], cutMix, new TrainerOptions()).Dispose();
        var net = new NetworkBuilder("mixing", 1);
        string x = net.Convolution(net.GlobalAveragePool(net.Input("image", 3, 6, 6)), 4, 1);
        Refused(() => new Trainer(net.Build(net.Flatten(x)), [], cutMix, new TrainerOptions()), "gap1.out", "of length 1");

        static void Refused(Func<Trainer> make, params string[] said)
        {
            var failure = Assert.Throws<ConvTransferException>(make);
            Assert.Equal(FailureCause.Unsupported, failure.Cause);
            Assert.All(said, s => Assert.Contains(s, failure.Message, StringComparison.Ordinal));
        }
    }
}
