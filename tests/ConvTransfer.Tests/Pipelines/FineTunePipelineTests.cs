using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Tests.Common;
using ConvTransfer.Tests.Training;
using ConvTransfer.Training;
using static ConvTransfer.Tests.Pipelines.SmallFineTuning;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>From pictures to a fine-tuned network: what is frozen stays, what is trained learns, and the files say what the pipeline says.</summary>
public sealed class FineTunePipelineTests : IDisposable
{
    private readonly PictureFolder _pictures = new(perClass: 8, classes: 2);
    private readonly string _folder = Directory.CreateTempSubdirectory("convtransfer-finetune-").FullName;

    public void Dispose()
    {
        _pictures.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void WhatIsFrozenStaysByteForByteAndTheRestLearns()
    {
        using var model = Pipeline(new FineTuneOptions { Epochs = 20, BatchSize = 6, BodyRate = 1e-2, HeadRate = 1e-2 }).Fit(_pictures.Images);
        Assert.Equal(["conv4.weight", "conv4.bias"], model.TrainedWeights);
        var source = Network().Graph.Initializers.ToDictionary(t => t.Name);
        var trained = model.Training.Network.Graph.Initializers.ToDictionary(t => t.Name);
        foreach (string name in source.Keys.Where(trained.ContainsKey)) Assert.Equal(!model.TrainedWeights.Contains(name), source[name].HasSameContent(trained[name]));
        Assert.Contains("bn5.scale", model.FrozenWeights);
        Assert.True(model.Training.Epochs[^1].Loss < 0.7 * model.Training.Epochs[0].Loss, $"the loss went from {model.Training.Epochs[0].Loss} to {model.Training.Epochs[^1].Loss}");
    }

    [Fact]
    public void TheFilesSayWhatThePipelineSays()
    {
        string file = Path.Combine(_folder, "model.onnx"), network = Path.Combine(_folder, "network.onnx");
        using var model = Pipeline().Fit(_pictures.Images);
        model.SaveOnnx(file);
        model.SaveNetwork(network);
        using var served = TransferModel.Load(file);
        Assert.Equal(model.Evaluate(_pictures.Images).Accuracy, served.Evaluate(_pictures.Images).Accuracy);
        // Beside the trained weights only the head is another one; nothing else of the source is touched, not even what it declares.
        string[] expected =
        [
            "- output 'dense9.out'", "+ output 'logits'", "- Gemm node 'dense9'", "+ Gemm node 'head/dense'",
            "~ initializer 'conv4.weight'", "~ initializer 'conv4.bias'", "- initializer 'dense9.weight'", "- initializer 'dense9.bias'", "+ initializer 'head.weight'", "+ initializer 'head.bias'",
        ];
        Assert.Equal(expected, GraphComparison.Compare(Network(), OnnxFile.Read(network)).Select(d => d.ToString().Split(": ")[0]));
    }

    // What is trained reads the picture itself beside what a frozen layer makes of it: both are kept.
    [Fact]
    public void AFrozenBranchBesideATrainedOneIsKeptOrComputedWithTheSameBits()
    {
        var net = new NetworkBuilder("branches", seed: 2);
        string pixels = net.Input("pixels", 3, 24, 24), one = net.Relu(net.Convolution(pixels, filters: 6, kernel: 5, stride: 2)), two = net.Relu(net.Convolution(pixels, filters: 6, kernel: 5, stride: 2));
        var network = net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(net.Sum(one, two))), units: 3));
        byte[] Trained(long room)
        {
            using var cache = new ActivationCache(room);
            using var model = TransferPipeline.FromModel(network).Preprocess(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 })
                .With(PipelineOptions.Default with { Seed = 3, Cache = cache }).Freeze(FreezeRule.Matching("conv1")).FineTune(new FineTuneOptions { Epochs = 3, BatchSize = 6 }).Fit(_pictures.Images);
            Assert.Equal(["conv3.weight", "conv3.bias"], model.TrainedWeights);
            Assert.Equal(room > 0, cache.Counters.MemoryHits > 0);
            model.SaveOnnx(Path.Combine(_folder, $"branches-{room}.onnx"));
            return Weights(model);
        }

        Assert.Equal(Trained(0), Trained(64 << 20));
    }

    // A network whose weights all stand in Constant nodes, two of them turned over or reshaped, is trained like any other, and differs from its source in their values alone.
    [Fact]
    public void WeightsInConstantNodesAreTrainedAndStayThere()
    {
        string file = Path.Combine(_folder, "model.onnx"), written = Path.Combine(_folder, "network.onnx");
        var source = StoredForms.Apply(StoredForms.Apply(Network(), "bn5.mean", "identity"), "conv1.weight", "transpose");
        source = StoredForms.ApplyToAll(source with { Graph = source.Graph.RenameValue("conv1.weight.transpose", "kernel") }, "constant");
        var how = new FineTuneOptions { Epochs = 10, BatchSize = 6, BodyRate = 1e-2, HeadRate = 1e-2, BatchNormalization = BatchNormalizationPolicy.Train };
        var pipeline = TransferPipeline.FromModel(source).Preprocess(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 }).With(PipelineOptions.Default with { Seed = 3 }).FineTune(how);
        using var model = pipeline.Freeze(FreezeRule.Matching("conv4")).Fit(_pictures.Images);
        Assert.Equal(["bn2.scale", "bn2.shift", "bn5.scale", "bn5.shift", "conv1.bias", "kernel"], model.TrainedWeights.Order(StringComparer.Ordinal));
        Assert.Equal(["conv4.bias", "conv4.weight"], model.FrozenWeights.Order(StringComparer.Ordinal));
        Assert.True(model.Training.Epochs[^1].Loss < 0.7 * model.Training.Epochs[0].Loss);
        model.SaveOnnx(file);
        model.SaveNetwork(written);
        var read = OnnxFile.Read(written);
        string[] changed = [.. GraphComparison.Compare(source, read).Where(d => d.Kind == DifferenceKind.Changed).Select(d => d.Subject)];
        string[] values = [.. model.TrainedWeights, "bn2.mean", "bn2.variance", "bn5.mean.identity", "bn5.variance"];
        Assert.Equal(values.Select(n => $"Constant node that makes '{n}' attribute 'value'").Order(StringComparer.Ordinal), changed.Order(StringComparer.Ordinal));
        Assert.Equal((model.FrozenHash, model.FrozenHash), (FineTunedModel.HashOf(source, model.FrozenWeights), FineTunedModel.HashOf(read, model.FrozenWeights)));
        using var served = TransferModel.Load(file);
        Assert.Equal(model.Evaluate(_pictures.Images).LogLoss, served.Evaluate(_pictures.Images).LogLoss, 5);
    }

    // The hash is held to what the rules say, and not to what the result happens to be.
    [Fact]
    public void WhatIsFrozenAndChangesIsAFaultOfTheProgram()
    {
        var source = Network();
        var other = source with { Graph = source.Graph.ReplaceInitializers([TensorData.From<float>("conv1.bias", [8], new float[] { 0, 0, 1e-30f, 0, 0, 0, 0, 0 })]) };
        var e = Assert.Throws<ConvTransferException>(() => TensorFates.Of(source, other, ["conv4.weight"], ["conv1.weight", "conv1.bias"]));
        Assert.Equal(FailureCause.Output, e.Cause);
        Assert.Contains("'conv1.bias'", e.Message, StringComparison.Ordinal);
        var fates = TensorFates.Of(source, other, [], ["conv1.weight"]);
        Assert.Equal(source.Graph.Initializers.Count - 1, fates.Unchanged.Count);
    }

    [Theory]
    [InlineData("all", "everything of the network is frozen: only the new head is trained")]
    [InlineData("relu3.out", "2 of the network's 8 weight tensors are trained")]
    [InlineData("", "nothing of the network is trained, though not everything of it is frozen: only the new head is trained")]
    public void ThePlanSaysHowMuchIsTrained(string frozen, string said)
    {
        var log = new ListLogger();
        var pipeline = TransferPipeline.FromModel(Network()).Preprocess(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 })
            .With(PipelineOptions.Default with { Logger = log }).FineTune(new FineTuneOptions { Epochs = 1, BatchSize = 6 });
        pipeline = frozen switch { "all" => pipeline.Freeze(FreezeRule.AllButLast(0)), "" => pipeline.Freeze(FreezeRule.Matching("conv*")), _ => pipeline.Freeze(FreezeRule.Until(frozen)) };
        Assert.Contains($"plan: {said}", pipeline.Plan(_pictures.Images).ToString().Split('\n'));
        using var model = pipeline.Fit(_pictures.Images);
        // Only what the user may not expect is a warning.
        string[] expected = frozen.Length == 0 ? [$"Warning: {said}; the layers that are not frozen are batch normalizations, which keep their weights unless they are to be trained"] : [];
        Assert.Equal(expected, log.Lines);
    }

    [Theory]
    [InlineData("conv9*", "similar names: 'conv1'")]
    [InlineData("CONV4.wieght", "similar names: 'conv4.weight'")]
    [InlineData("zz*", "layers are 'conv1', 'bn2', 'conv4', 'bn5'")]
    public void AnUnknownLayerIsRefusedWithNamesNearIt(string glob, string said)
    {
        var e = Assert.Throws<ArgumentException>(() => Pipeline().Freeze(FreezeRule.Matching(glob)).Fit(_pictures.Images));
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameSeedGivesTheSameBitsOnAnyNumberOfThreads()
    {
        using var one = Pipeline(threads: 1).Fit(_pictures.Images);
        using var three = Pipeline(threads: 3).Fit(_pictures.Images);
        Assert.True(Weights(one).AsSpan().SequenceEqual(Weights(three)));
    }

    // What is kept of the frozen part are the bits that computing it again gives; views that are new in every epoch keep nothing.
    [Fact]
    public void KeptAndComputedActivationsGiveTheSameLosses()
    {
        var views = new PictureViews(Augmentation.Flips, 3);
        // A cache without memory and folder keeps nothing: every view is computed each time.
        using var nothing = new ActivationCache(memoryBytes: 0);
        using var first = Pipeline(cache: nothing).Augment(views).Fit(_pictures.Images);
        using var cache = new ActivationCache(memoryBytes: 0, Path.Combine(_folder, "cache"));
        using var stored = Pipeline(cache: cache).Augment(views).Fit(_pictures.Images);
        long misses = cache.Counters.Misses;
        Assert.True(misses > 0);
        // The second training computes nothing again: not the features before it, not the frozen part, not the features of the same result.
        using var found = Pipeline(cache: cache).Augment(views).Fit(_pictures.Images);
        Assert.Equal(misses, cache.Counters.Misses);
        foreach (var other in new[] { stored, found }) Assert.Equal(first.Training.Epochs.Select(e => e.Loss), other.Training.Epochs.Select(e => e.Loss));
        using var anew = Pipeline().Augment(new PictureViews(Augmentation.Flips, 0)).Fit(_pictures.Images);
        Assert.NotEqual(first.Training.Epochs.Select(e => e.Loss), anew.Training.Epochs.Select(e => e.Loss));
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd, BatchNormalizationPolicy.Train)]
    [InlineData(OptimizerKind.Adam, BatchNormalizationPolicy.AffineOnly)]
    public void EveryOptimiserAndPolicyTrainsWhatItSays(OptimizerKind optimizer, BatchNormalizationPolicy policy)
    {
        var how = new FineTuneOptions { Epochs = 4, BatchSize = 6, Optimizer = optimizer, BodyRate = optimizer == OptimizerKind.Sgd ? 1e-2 : 1e-3, BatchNormalization = policy, AverageDecay = 0.9, Accumulate = 2, LabelSmoothing = 0.1, BalanceClasses = true, MixupAlpha = 0.2 };
        using var model = Pipeline(how).Fit(_pictures.Images);
        Assert.Equal(["conv4.weight", "conv4.bias", "bn5.scale", "bn5.shift"], model.TrainedWeights);
        Assert.Equal(policy == BatchNormalizationPolicy.AffineOnly, model.FrozenWeights.Contains("bn5.mean"));
        Assert.Contains("bn2.mean", model.FrozenWeights);
    }

    // The head alone in the first two epochs: the network's own layers do not move.
    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void TheHeadComesFirst(int epochs, bool isMoved)
    {
        using var source = new CancellationTokenSource();
        var progress = new Immediate<TrainingProgress>(p =>
        {
            if (p.Epoch == epochs && p.Batch == p.Batches) source.Cancel();
        });
        using var model = Pipeline(new FineTuneOptions { BatchSize = 6 }).FineTune(epochs: 4).HeadFirst(2).Fit(_pictures.Images, training: progress, cancellationToken: source.Token);
        Assert.Equal(!isMoved, model.UnchangedWeights.Contains("conv4.weight"));
        Assert.Contains("conv1.weight", model.FrozenWeights);
        Assert.NotEqual(0, model.Head.Weights[0]);
    }

    [Theory]
    [InlineData("nosuch", "made by no node")]
    [InlineData("relu3", "relu3.out")]
    public void AnUnknownValueIsRefusedWithNamesNearIt(string value, string said)
    {
        var e = Assert.Throws<ArgumentException>(() => Pipeline().Freeze(FreezeRule.Until(value)).Fit(_pictures.Images));
        Assert.Contains(said, e.Message);
    }

    // SqueezeNet declares 224 x 224, but nothing in it asks for that.
    [Fact]
    public void ANetworkOfConvolutionsTakesAnotherSizeThanItsFileDeclares()
    {
        var pipeline = TransferPipeline.FromModel(Network()).Preprocess(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(32)), Scale = 1 / 255.0 });
        Assert.Throws<ConvTransferException>(() => pipeline.FineTune(new FineTuneOptions { Epochs = 1 }).Fit(_pictures.Images));
        using var model = pipeline.ResizeInput().FineTune(new FineTuneOptions { Epochs = 1 }).Fit(_pictures.Images);
        string file = Path.Combine(_folder, "model.onnx");
        model.SaveOnnx(file);
        using var served = TransferModel.Load(file);
        Assert.Equal(model.Evaluate(_pictures.Images).Accuracy, served.Evaluate(_pictures.Images).Accuracy);
    }

    [Fact]
    public void WhatHasNoGradientIsRefusedByNameUnlessItIsFrozen()
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Convolution(net.Input("pixels", 3, 24, 24), filters: 4, kernel: 5, stride: 2);
        var model = net.Build(net.GlobalAveragePool(x));
        // The mean that a normalization hands out beside its result.
        var odd = new Node("LayerNormalization", [x, "one"], ["normalized", "mean"]) { Name = "odd", Attributes = [new NodeAttribute("axis", new AttributeValue.Int(2))] };
        model = model with { Graph = model.Graph.Append([odd, new Node("Add", [model.Graph.Outputs[0].Name, "mean"], ["sum"]), new Node("Flatten", ["sum"], ["features"])], [TensorData.From<float>("one", [1], [1])], [new ValueInfo("features", null)]) };
        var pipeline = TransferPipeline.FromModel(model).Preprocess(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 }).TruncateAt("features").FineTune(new FineTuneOptions { Epochs = 1 });
        var e = Assert.Throws<ConvTransferException>(() => pipeline.Fit(_pictures.Images));
        Assert.Equal(FailureCause.Unsupported, e.Cause);
        Assert.Contains("odd", e.Message);
        using var frozen = pipeline.Freeze(FreezeRule.Until("features")).Fit(_pictures.Images);
        Assert.Empty(frozen.TrainedWeights);
    }

    [Fact]
    public void ASearchForALearningRateReadsThePicturesAndLeavesNothingBehind()
    {
        using var cache = new ActivationCache(1 << 20);
        var curve = Pipeline(cache: cache).FindLearningRate(_pictures.Images, new LearningRateFinderOptions { Steps = 40, Least = 1e-4 });
        Assert.InRange(curve.Points.Count, 11, 40);
        Assert.InRange(curve.Suggestion!.Value, 1e-4, 1);
        using var before = Pipeline().Fit(_pictures.Images);
        using var after = Pipeline(cache: cache).Fit(_pictures.Images);
        Assert.True(Weights(before).AsSpan().SequenceEqual(Weights(after)));
    }
}
