using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>A training on pictures whose frozen part shrinks: the frozen part is paid for once for all phases.</summary>
public sealed class UnfreezePipelineTests : IDisposable
{
    private static readonly InputRecipe Recipe = new() { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 };
    private static readonly FineTuneOptions Options = new() { Epochs = 6, BatchSize = 6, Unfreeze = [new(2, [FreezeRule.Until("relu4.out")]), new(4, [FreezeRule.Until("relu2.out")])] };

    private readonly PictureFolder _pictures = new(perClass: 8, classes: 2);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _pictures.Dispose();
        _folder.Dispose();
    }

    // conv1, relu2, conv3, relu4, conv5, relu6, and a head of two classes.
    private static Model Network()
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Relu(net.Convolution(net.Input("pixels", 3, 24, 24), filters: 8, kernel: 5, stride: 2));
        x = net.Relu(net.Convolution(x, filters: 12, kernel: 3));
        x = net.Relu(net.Convolution(x, filters: 6, kernel: 3));
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 2));
    }

    // Trains without the pipeline around it; gives the passes through the frozen part and the weights.
    private (long Passes, byte[] Weights) Run(FineTuneOptions options, string until, PictureViews views, ActivationCache? cache, bool heldOut = false)
    {
        using var trainer = new Trainer(Network(), [FreezeRule.Until(until)], options, new TrainerOptions { Seed = 3 });
        PhasedSamples Samples() => new(phase => new PictureSamples(_pictures.Images, Recipe, views, trainer.Phases, phase, cache, null, PipelineOptions.Default with { Seed = 3 }), trainer.Phases.Count);
        using var samples = Samples();
        using var held = heldOut ? Samples() : null;
        var result = trainer.Run(samples.Phases, held?.Phases);
        return (samples.Passes + (held?.Passes ?? 0), [.. result.Network.Graph.Initializers.SelectMany(t => t.Bytes.ToArray())]);
    }

    [Fact]
    public void OnePassOfAViewGivesTheFrontiersOfAllPhases()
    {
        using var cache = new ActivationCache(64 << 20);
        Assert.Equal(16, Run(Options, "gap7.out", PictureViews.Unvaried, cache).Passes);
        // Unvaried pictures to train on are not kept as the ones that the network is tried on.
        Assert.Equal(16, Run(Options, "gap7.out", PictureViews.Unvaried, cache, heldOut: true).Passes);
        Assert.Equal(0, Run(Options, "gap7.out", PictureViews.Unvaried, cache, heldOut: true).Passes);
        // A training from a later frontier finds what the schedule kept.
        foreach (string until in (string[])["relu4.out", "relu2.out"]) Assert.Equal(0, Run(Options with { Unfreeze = [] }, until, PictureViews.Unvaried, cache).Passes);
    }

    [Fact]
    public void EachViewPassesOnceAndKeptValuesAreTheBitsOfComputedOnes()
    {
        var views = new PictureViews(Augmentation.Flips, 2);
        using var cache = new ActivationCache(64 << 20);
        var kept = Run(Options, "gap7.out", views, cache, heldOut: true);
        // 16 pictures in two views, nearly all of which six epochs see, and as they are.
        Assert.InRange(kept.Passes, 16 + 24, 16 + 32);
        var again = Run(Options, "gap7.out", views, cache, heldOut: true);
        Assert.Equal(0, again.Passes);
        var computed = Run(Options, "gap7.out", views, null, heldOut: true);
        Assert.True(computed.Passes > 3 * kept.Passes);
        Assert.Equal(kept.Weights, again.Weights);
        Assert.Equal(kept.Weights, computed.Weights);
        // Views that are new in every epoch are computed up to the frontier of their phase alone; 18 samples in the three batches of an epoch.
        Assert.Equal(6 * 18, Run(Options, "gap7.out", new PictureViews(Augmentation.Flips, 0), cache).Passes);
    }

    [Fact]
    public void ALaterFrontierIsComputedOnFromAnEarlierOne()
    {
        var options = Options with { Unfreeze = [] };
        var views = new PictureViews(Augmentation.Flips, 2);
        using var cache = new ActivationCache(64 << 20);
        Assert.True(Run(options, "relu2.out", views, cache).Passes > 16);
        // Both draw the same views; nothing of the pictures is decoded or computed again up to the earlier frontier.
        var later = Run(options, "conv5.out", views, cache);
        Assert.Equal(0, later.Passes);
        Assert.Equal(Run(options, "conv5.out", views, null).Weights, later.Weights);
        Assert.Equal(later.Weights, Run(options, "conv5.out", views, cache).Weights);
        // Toward the input the shorter part runs once.
        using var other = new ActivationCache(64 << 20);
        foreach (string until in (string[])["conv5.out", "conv1.out"]) Assert.True(Run(options, until, views, other).Passes > 16);
        Assert.Equal(0, Run(options, "conv1.out", views, other).Passes);
    }

    // For each value the weights before it are hashed: that was done in every training, though its cache held nothing but its own.
    [Fact]
    public void AnEarlierFrontierIsLookedForOnlyWhereACacheHasOneOfAnother()
    {
        var first = Network() with { Graph = Network().Graph.CutAt("conv5.out") };
        using var cache = new ActivationCache(64 << 20);
        using var values = new Tensor(ElementType.Float32, new Shape(8, 10, 10));
        ActivationScope own = new(first, ["conv5.out"], "recipe"), other = new(first with { Graph = first.Graph.CutAt("relu2.out") }, ["relu2.out"], "recipe");
        var picture = ContentHash.Of([1]);
        EarlierFrontier? Find(CancellationToken stop) => EarlierFrontier.Find(first, ["conv5.out"], new Shape(1, 3, 24, 24), "recipe", cache, picture, [], new HashSet<ContentHash> { own.Hash }, Limits.Default, stop);
        cache.Write(own.Key(picture), values);
        Assert.Null(Find(new CancellationToken(canceled: true)));
        cache.Write(other.Key(picture), values);
        Assert.Throws<OperationCanceledException>(() => Find(new CancellationToken(canceled: true)));
        using var found = Find(default);
        Assert.Equal("relu2.out", found!.Value);
    }

    [Fact]
    public void ThePipelineTrainsPlansAndGoesOnInPhases()
    {
        FineTunePipeline Pipeline(int threads = 0) => TransferPipeline.FromModel(Network()).Preprocess(Recipe).With(PipelineOptions.Default with { Seed = 3, Threads = threads }).FreezeUntil("gap7.out")
            .FineTune(Options with { Unfreeze = [new(2, [FreezeRule.Until("relu2.out")]), new(4, [])] });
        // 6 features, and relu2's 8 x 10 x 10, of 16 pictures in four views; with nothing frozen nothing is kept.
        Assert.Equal((6 + 800) * sizeof(float) * 16 * 4, Pipeline().Plan(_pictures.Images).KeptBytes);
        using var model = Pipeline(threads: 1).Fit(_pictures.Images);
        Assert.Equal(["conv1.weight", "conv1.bias", "conv3.weight", "conv3.bias", "conv5.weight", "conv5.bias"], model.TrainedWeights);
        var where = new FineTuneCheckpoints(_folder.Path("run")) { Every = 1, Resume = true };
        foreach (int stop in (int[])[7, 6])
        {
            using var source = new CancellationTokenSource();
            int batches = 0;
            using var part = Pipeline().SaveCheckpoints(where).Fit(_pictures.Images, training: new Each(() => { if (++batches == stop) source.Cancel(); }), cancellationToken: source.Token);
            Assert.Equal(TrainingEnd.Cancelled, part.Training.End);
        }
        using var resumed = Pipeline(threads: 2).SaveCheckpoints(where).Fit(_pictures.Images);
        Assert.Equal(model.Training.Epochs, resumed.Training.Epochs);
        foreach (var (expected, found) in model.Training.Network.Graph.Initializers.Zip(resumed.Training.Network.Graph.Initializers)) Assert.True(expected.HasSameContent(found));
    }

    private sealed class Each(Action act) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => act();
    }
}
