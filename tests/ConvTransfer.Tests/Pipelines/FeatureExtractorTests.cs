using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Pipelines;

public sealed class FeatureExtractorTests
{
    private const int Size = 24;

    private static readonly InputRecipe Recipe = new() { Resize = new ResizeRule.ShorterSide(28), Crop = PixelSize.Square(Size), Scale = 1 / 255.0 };

    /// <summary>A convolution and a pool over the whole picture: six features.</summary>
    private static Model Network(bool flat = true, Func<float, float>? weights = null)
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.GlobalMaxPool(net.Convolution(net.Input("pixels", 3, Size, Size), filters: 6, kernel: 5, stride: 2));
        var model = net.Build(flat ? net.Flatten(x) : x);
        if (weights is null) return model;
        var old = model.Graph.Initializers[0];
        using var tensor = old.ToTensor();
        return model with { Graph = model.Graph.ReplaceInitializers([TensorData.From<float>(old.Name, old.Dims.AsSpan(), tensor.AsSpan<float>().ToArray().Select(weights).ToArray())]) };
    }

    private static float[] Expected(Model network, string file)
    {
        using var picture = ImageReader.Read(file);
        var preprocessor = new ImagePreprocessor(Recipe);
        using var pixels = new Tensor(ElementType.Float32, new Shape(1, 3, Size, Size));
        preprocessor.Run(picture, pixels.AsSpan<float>());
        using var planner = new Planner(network);
        using var session = planner.CreateSession(2);
        using var features = session.Run(pixels)[0];
        return features.AsSpan<float>().ToArray();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FeaturesAreThoseOfEachPictureInOrderWhateverTheThreads(bool flat)
    {
        using var folder = new PictureFolder(perClass: 3);
        var network = Network(flat);
        float[][]? first = null;
        foreach (int threads in new[] { 1, 2, 5 })
        {
            using var extractor = new FeatureExtractor(network, Recipe, new PipelineOptions { Threads = threads });
            Assert.Equal(6, extractor.Width);
            var table = extractor.Extract(folder.Images);
            Assert.Equal(folder.Images.Items, table.Images.Items);
            var rows = Enumerable.Range(0, table.Count).Select(i => table.Row(i).ToArray()).ToArray();
            first ??= [.. folder.Images.Items.Select(i => Expected(network, i.Path))];
            Assert.Equal(first, rows);
            Assert.Empty(table.Skipped);
        }
    }

    // With its shorter side made 224 it would have a billion pixels: that once ended the work, without a word of the picture.
    [Fact]
    public void AStripThatTheRecipeMakesTooLargeIsLeftOutAndNamed()
    {
        using var folder = new PictureFolder(perClass: 2);
        string strip = Path.Combine(folder.Path, "square", "strip.png");
        using (var picture = TestPictures.Make(1, 20000, seed: 3)) File.WriteAllBytes(strip, PngWriter.Encode(picture));
        var network = Network();
        var input = network.Graph.Inputs[0] with { Type = new TensorType(ElementType.Float32, [Dim.Of("N"), 3, Dim.Of("height"), Dim.Of("width")]) };
        var anySize = network with { Graph = network.Graph with { Inputs = [input] } };
        var recipe = Recipe with { Resize = new ResizeRule.ShorterSide(224), Crop = null };
        using var extractor = new FeatureExtractor(anySize, recipe, new PipelineOptions { MaxBadShare = 0.2 });
        var table = extractor.Extract(folder.Images);
        Assert.Equal(8, table.Count);
        Assert.Equal(strip, Assert.Single(table.Skipped).File);
    }

    [Fact]
    public void BadPicturesAreLeftOutAndNamedWithinTheShareThatIsAllowed()
    {
        using var folder = new PictureFolder(perClass: 2);
        string bad = folder.Spoil("square", "broken.jpg");
        var log = new ListLogger();
        using var extractor = new FeatureExtractor(Network(), Recipe, new PipelineOptions { MaxBadShare = 0.2, Logger = log });
        var table = extractor.Extract(folder.Images);
        Assert.Equal(8, table.Count);
        var skipped = Assert.Single(table.Skipped);
        Assert.Equal(bad, skipped.File);
        Assert.NotEmpty(skipped.Reason);
        Assert.Contains(bad, Assert.Single(log.Lines));
        Assert.DoesNotContain(table.Images.Items, i => i.Path == bad);
        for (int i = 0; i < table.Count; i++) Assert.Equal(Expected(Network(), table.FileAt(i)), table.Row(i).ToArray());
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    public void MoreBadPicturesThanAllowedAreRefusedAllTogether(double allowed)
    {
        using var folder = new PictureFolder(perClass: 2);
        string[] bad = [folder.Spoil("circle", "0.png"), folder.Spoil("star", "notes.txt")];
        using var extractor = new FeatureExtractor(Network(), Recipe, new PipelineOptions { MaxBadShare = allowed });
        var e = Assert.Throws<ConvTransferException>(() => extractor.Extract(folder.Images));
        Assert.Equal(FailureCause.DataInvalid, e.Cause);
        Assert.Contains("2 of 10", e.Message);
        Assert.All(bad, file => Assert.Contains(file, e.Message));
    }

    [Fact]
    public void AFeatureThatIsNotFiniteIsRefusedWithItsPicture()
    {
        using var folder = new PictureFolder(perClass: 1);
        using var extractor = new FeatureExtractor(Network(weights: w => w * float.MaxValue), Recipe);
        var e = Assert.Throws<ConvTransferException>(() => extractor.Extract(folder.Images));
        Assert.Equal(FailureCause.DataInvalid, e.Cause);
        Assert.Equal(folder.Images.Items[0].Path, e.File);
    }

    [Fact]
    public void CancellationAndObserversWork()
    {
        using var folder = new PictureFolder(perClass: 2);
        using var extractor = new FeatureExtractor(Network(), Recipe, new PipelineOptions { Threads = 2 });
        using var source = new CancellationTokenSource();
        var reports = new List<ProgressReport>();
        Assert.Throws<OperationCanceledException>(() => extractor.Extract(folder.Images, new Observer(r =>
        {
            reports.Add(r);
            if (r.Done == 2) source.Cancel();
        }), source.Token));
        Assert.InRange(reports.Count, 2, 4);
        Assert.All(reports, r => Assert.Equal(("features", 8L), (r.Phase, r.Total)));
    }

    public static TheoryData<string, InputRecipe> Misfits => new()
    {
        { "1 channels", Recipe with { Channels = 1, Mean = [0], Std = [1] } },
        { "NHWC", Recipe with { Layout = TensorLayout.Nhwc } },
        { "32x32", Recipe with { Resize = new ResizeRule.ShorterSide(40), Crop = PixelSize.Square(32) } },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void ARecipeThatDoesNotFitIsRefusedBeforeAnyPictureIsRead(string named, InputRecipe recipe)
    {
        var e = Assert.Throws<ConvTransferException>(() => new FeatureExtractor(Network(), recipe));
        Assert.Contains(named, e.Message);
    }

    [Fact]
    public void OptionsOutOfRangeAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureExtractor(Network(), Recipe, new PipelineOptions { Threads = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureExtractor(Network(), Recipe, new PipelineOptions { MaxBadShare = double.NaN }));
    }

    [Fact]
    public void WithACacheNothingIsComputedTwiceAndWhatChangedIsComputedAnew()
    {
        using var folder = new PictureFolder(perClass: 2);
        using var kept = new TemporaryFolder();
        (int Passes, float[][] Rows) Run(Model network, InputRecipe recipe)
        {
            using var cache = new ActivationCache(0, kept.Root);
            using var extractor = new FeatureExtractor(network, recipe, new PipelineOptions { Threads = 2, Cache = cache });
            var table = extractor.Extract(folder.Images);
            return (extractor.Passes, [.. Enumerable.Range(0, table.Count).Select(i => table.Row(i).ToArray())]);
        }

        var first = Run(Network(), Recipe);
        Assert.Equal(8, first.Passes);
        Assert.Equal(folder.Images.Items.Select(i => Expected(Network(), i.Path)), first.Rows);
        var second = Run(Network(), Recipe);
        Assert.Equal(0, second.Passes);
        Assert.Equal(first.Rows, second.Rows);
        Assert.Equal(8, Run(Network(), Recipe with { Scale = 1 / 254.0 }).Passes);
        Assert.Equal(8, Run(Network(flat: false), Recipe).Passes);
        Assert.Equal(8, Run(Network(weights: w => w * 2), Recipe).Passes);
        // A picture of the same name with another content.
        File.Copy(folder.Images.Items[1].Path, folder.Images.Items[0].Path, overwrite: true);
        var changed = Run(Network(), Recipe);
        Assert.Equal(first.Rows[1], changed.Rows[0]);
        Assert.Equal(0, changed.Passes);
        folder.Spoil("circle", "zz.png");
        Assert.Throws<ConvTransferException>(() => Run(Network(), Recipe));
    }

    private sealed class Observer(Action<ProgressReport> report) : IProgress<ProgressReport>
    {
        public void Report(ProgressReport value) => report(value);
    }
}
