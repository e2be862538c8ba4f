using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Tests.Laws;
using ConvTransfer.Tests.Training;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>Running the frozen part takes the memory that the plan says. Memory is counted for the whole process, so nothing else may run meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class FrozenMemoryTests : IDisposable
{
    private static readonly InputRecipe Recipe = new() { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 };
    private readonly PictureFolder _pictures = new(perClass: 4, classes: 2);

    public void Dispose() => _pictures.Dispose();

    // One worker; of the phases one at a time has memory of its own.
    [Fact]
    public void ThePlanIsWhatReadingTakes()
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Relu(net.Convolution(net.Input("pixels", 3, 24, 24), filters: 8, kernel: 5, stride: 2));
        x = net.Relu(net.Convolution(x, filters: 12, kernel: 3));
        var network = net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 2));
        var how = new FineTuneOptions { Epochs = 3, BatchSize = 4, Unfreeze = [new(1, [FreezeRule.Until("relu2.out")])] };
        using var trainer = new Trainer(network, [FreezeRule.Until("relu4.out")], how, new TrainerOptions());
        PhasedSamples Samples() => new(phase => new PictureSamples(_pictures.Images, Recipe, PictureViews.Unvaried, trainer.Phases, phase, null, null, PipelineOptions.Default with { Threads = 1 }), trainer.Phases.Count);
        long planned, shared;
        (long Shared, long Workers)[] phases;
        using (var samples = Samples())
        {
            planned = samples.NativeBytes();
            phases = [.. samples.Phases.Select(p => p.NativeBytes())];
            shared = phases.Sum(p => p.Shared);
        }
        Assert.All(phases, p => Assert.True(p.Shared > 0 && p.Workers > 0));
        SampleView[] views = [.. Enumerable.Range(0, 4).Select(i => new SampleView(i, 0))];
        TrainingPlanTests.Collect();
        long before = AlignedMemory.LiveBytes;
        using (var samples = Samples())
        {
            Tensor[][] values = [.. trainer.Phases.Select(p => p.FrontierTypes.Select(t => new Tensor(ElementType.Float32, t.ToShape())).ToArray())];
            long read = values.SelectMany(v => v).Sum(t => (long)t.NativeBytes);
            for (int i = 0; i < values.Length; i++) samples.Phases[i].Read(views, values[i], CancellationToken.None);
            Assert.Equal(shared + phases[1].Workers, AlignedMemory.LiveBytes - before - read);
            samples.Phases[0].Read(views, values[0], CancellationToken.None);
            Assert.Equal(shared + phases[0].Workers, AlignedMemory.LiveBytes - before - read);
            Assert.Equal(planned, shared + phases.Max(p => p.Workers));
            foreach (var tensor in values.SelectMany(v => v)) tensor.Dispose();
        }
        Assert.Equal(before, AlignedMemory.LiveBytes);
        var pipeline = TransferPipeline.FromModel(network).Preprocess(Recipe).With(PipelineOptions.Default with { Threads = 1 }).FreezeUntil("relu4.out").FineTune(how);
        var plan = pipeline.Plan(_pictures.Images, _pictures.Images);
        // The pipeline has a few constants more.
        Assert.InRange(plan.FrozenBytes, 2 * planned, (2 * planned) + 1024);
        Assert.True(plan.HeldOutBytes > 0 && plan.Bytes > pipeline.Plan(_pictures.Images).Bytes + plan.HeldOutBytes);
        Assert.Contains("held-out pictures takes", plan.ToString(), StringComparison.Ordinal);

        // Each part fits by itself.
        FineTunePipeline Limited(long bytes) => TransferPipeline.FromModel(network).Preprocess(Recipe).With(PipelineOptions.Default with { Threads = 1, Limits = Limits.Default with { MemoryBytes = bytes } }).FreezeUntil("relu4.out").FineTune(how);
        var alone = pipeline.Plan(_pictures.Images);
        long least = alone.Training.Bytes + alone.FrozenBytes;
        Assert.Equal(least, Limited(least).Plan(_pictures.Images) is var small ? small.Training.Bytes + small.FrozenBytes : 0);
        var failure = Assert.Throws<ConvTransferException>(() => Limited(least - 1).Plan(_pictures.Images));
        Assert.Equal(FailureCause.Limit, failure.Cause);
        Assert.Contains("frozen part", failure.Message, StringComparison.Ordinal);
        Assert.Throws<ConvTransferException>(() => Limited(least - 1).Fit(_pictures.Images));

        // What there is no room for is computed again and again, and counts as no memory.
        using var half = new ActivationCache(alone.KeptBytes / 2);
        var kept = TransferPipeline.FromModel(network).Preprocess(Recipe).With(PipelineOptions.Default with { Threads = 1, Cache = half }).FreezeUntil("relu4.out").FineTune(how).Plan(_pictures.Images);
        Assert.Equal(alone.Bytes - (alone.KeptBytes - (alone.KeptBytes / 2)), kept.Bytes);
        Assert.Contains("there is room for 50 %", kept.ToString(), StringComparison.Ordinal);
        Assert.Contains("for a view of a picture, once, and", alone.ToString(), StringComparison.Ordinal);
    }
}
