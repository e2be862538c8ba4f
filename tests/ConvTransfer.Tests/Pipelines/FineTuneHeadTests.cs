using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Tests.Training;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>The heads that a fine-tuning can put behind a network: what they start from, that they learn, and that the files say what they say.</summary>
public sealed class FineTuneHeadTests : IDisposable
{
    private static readonly FineTuneOptions Still = new() { Epochs = 1, BatchSize = 6, HeadRate = 0, BodyRate = 0 };
    private readonly PictureFolder _pictures = new(perClass: 6, classes: 3);
    private readonly string _folder = Directory.CreateTempSubdirectory("convtransfer-heads-").FullName;

    public void Dispose()
    {
        _pictures.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static TransferPipeline Network(Pooling pooling = Pooling.GlobalAverage, string? form = null)
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Relu(net.Convolution(net.Input("pixels", 3, 24, 24), filters: 8, kernel: 5, stride: 2));
        x = net.Relu(net.Convolution(x, filters: 12, kernel: 3));
        var model = net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 3));
        return TransferPipeline.FromModel(form is null ? model : StoredForms.ApplyToAll(model, form))
            .Preprocess(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 })
            .With(PipelineOptions.Default with { Seed = 3 })
            .TruncateAt("relu4.out", pooling);
    }

    // In the planned float32 step, before the first change of a weight.
    [Theory]
    [InlineData(FeatureNormalization.None, HeadAlgorithm.Lbfgs)]
    [InlineData(FeatureNormalization.MinMax, HeadAlgorithm.Lbfgs)]
    [InlineData(FeatureNormalization.MeanVariance, HeadAlgorithm.Lbfgs)]
    [InlineData(FeatureNormalization.MeanVariance, HeadAlgorithm.Sdca)]
    public void TheFirstStepStartsFromTheLogitsOfTheTransplantedHead(FeatureNormalization normalization, HeadAlgorithm algorithm)
    {
        var options = new HeadOptions { Normalization = normalization, Algorithm = algorithm };
        using var fitted = Network().Classify(options).Fit(_pictures.Images);
        var setup = Network().FineTune(Still).ReplaceHead(fitted.Head).Setup;
        using var cache = new ActivationCache(0);
        var (before, head) = setup.Prepared(_pictures.Images, cache, null, default);
        using var trainer = setup.Trainer(head, before.Count);
        using var samples = setup.Samples(trainer, before.Images, cache);
        samples.Phases[0].Read([.. Enumerable.Range(0, before.Count).Select(i => new SampleView(i, -1))], trainer.Step.Frontier, default);
        trainer.Step.Run(default);
        double most = 1, apart = 0;
        for (int i = 0; i < before.Count; i++)
        {
            double[] said = Logits(fitted.Head, fitted.Training.Row(i).ToArray());
            for (int c = 0; c < said.Length; c++)
            {
                most = Math.Max(most, Math.Abs(said[c]));
                apart = Math.Max(apart, Math.Abs(said[c] - trainer.Step.Logits[(i * said.Length) + c]));
            }
        }
        Assert.True(apart <= 1e-5 * most, $"logits up to {most} are apart by {apart}");
    }

    [Theory]
    [InlineData(FeatureNormalization.None)]
    [InlineData(FeatureNormalization.MeanVariance)]
    public void ATransplantedHeadSaysWhatItSaidBefore(FeatureNormalization normalization)
    {
        var options = new HeadOptions { Normalization = normalization };
        using var fitted = Network().Classify(options).Fit(_pictures.Images);
        foreach (var pipeline in new[] { Network().FineTune(Still).ReplaceHead(MlNetHeads.Of(options)), Network().FineTune(Still).ReplaceHead(fitted.Head) })
        {
            using var tuned = pipeline.Fit(_pictures.Images);
            double most = 0, apart = 0;
            for (int i = 0; i < fitted.Training.Count; i++)
            {
                double[] before = Logits(fitted.Head, fitted.Training.Row(i).ToArray()), after = Logits(tuned.Head, fitted.Training.Row(i).ToArray());
                for (int c = 0; c < before.Length; c++)
                {
                    most = Math.Max(most, Math.Abs(before[c]));
                    apart = Math.Max(apart, Math.Abs(before[c] - after[c]));
                }
            }
            Assert.True(apart <= 1e-5 * Math.Max(1, most), $"logits up to {most} are apart by {apart}");
        }
    }

    [Fact]
    public void ATrainingGoesOnFromWhatTheHeadKnew()
    {
        // Without a step in between, a head of zeros knows nothing; the fitted one is trained further, and keeps most of what it knew.
        var start = MlNetHeads.Of(new HeadOptions { L2 = 0.01f });
        using var zeros = Network().FineTune(new FineTuneOptions { Epochs = 1, BatchSize = 6 }).Fit(_pictures.Images);
        using var further = Network().FineTune(new FineTuneOptions { Epochs = 1, BatchSize = 6 }).ReplaceHead(start).Fit(_pictures.Images);
        Assert.True(further.Training.Epochs[0].Loss < 0.8 * zeros.Training.Epochs[0].Loss, $"{further.Training.Epochs[0].Loss} and {zeros.Training.Epochs[0].Loss}");
    }

    [Theory]
    [InlineData(Pooling.GlobalAverage, 0.0)]
    [InlineData(Pooling.GlobalAverage, 0.0, 10)]
    [InlineData(Pooling.GlobalAverageAndMax, 0.3)]
    [InlineData(Pooling.GlobalAverageAndMax, 0.2, 16, 8)]
    public void EveryHeadLearnsAndItsFilesSayWhatItSays(Pooling pooling, double dropout, params int[] hidden)
    {
        var design = new HeadDesign { Hidden = hidden.ToValueList(), Dropout = dropout };
        using var tuned = Network(pooling).FreezeUntil("relu2.out").ReplaceHead(design).FineTune(new FineTuneOptions { Epochs = 40, BatchSize = 6, HeadRate = 1e-2, BodyRate = 3e-3 }).Fit(_pictures.Images);
        Assert.True(tuned.Training.Epochs[^1].Loss < 0.7 * tuned.Training.Epochs[0].Loss, $"the loss went from {tuned.Training.Epochs[0].Loss} to {tuned.Training.Epochs[^1].Loss}");
        string file = Path.Combine(_folder, "model.onnx"), network = Path.Combine(_folder, "network.onnx");
        tuned.SaveOnnx(file);
        tuned.SaveNetwork(network);
        using var served = TransferModel.Load(file);
        Assert.Equal(tuned.Evaluate(_pictures.Images).LogLoss, served.Evaluate(_pictures.Images).LogLoss, 5);
        var read = OnnxFile.Read(network).Graph;
        Assert.Equal(hidden.Length + 1, read.Nodes.Count(n => n.OpType == "Gemm"));
        Assert.DoesNotContain(read.Nodes, n => n.OpType is "Dropout" or "Sub");
        int features = pooling == Pooling.GlobalAverage ? 12 : 24;
        long[] widths = [features, .. hidden.Select(h => (long)h)];
        Assert.Equal(widths, read.Nodes.Where(n => n.OpType == "Gemm").Select(n => read.Initializers.Single(t => t.Name == n.Inputs[1]).Dims[1]));
        Assert.Equal(["conv1.weight", "conv1.bias"], tuned.FrozenWeights);
        Assert.Equal(FineTunedModel.HashOf(OnnxFile.Read(network), tuned.FrozenWeights), tuned.FrozenHash);
        Assert.NotEqual(FineTunedModel.HashOf(OnnxFile.Read(network), ["conv3.weight"]), tuned.FrozenHash);
    }

    // The network's own nodes come back, with the normalization of the training in their weights.
    [Theory]
    [InlineData(null)]
    [InlineData("constant")]
    public void ARestoredNormalizationIsFoldedInAgain(string? form)
    {
        string file = Path.Combine(_folder, "model.onnx"), network = Path.Combine(_folder, "network.onnx");
        var still = Network(form: form).FineTune(Still).RestoreBatchNormalization();
        Assert.Equal((2, 0), (Network(form: form).FineTune(Still).Plan(_pictures.Images).Foldable, still.Plan(_pictures.Images).Foldable));
        using var tuned = Network(form: form).FineTune(new FineTuneOptions { Epochs = 20, BatchSize = 6, HeadRate = 1e-2, BodyRate = 1e-2 }).RestoreBatchNormalization().Fit(_pictures.Images);
        Assert.Equal(["conv1.bias", "conv1.weight", "conv3.bias", "conv3.weight"], tuned.TrainedWeights.Order(StringComparer.Ordinal));
        Assert.True(tuned.Training.Epochs[^1].Loss < 0.7 * tuned.Training.Epochs[0].Loss);
        tuned.SaveOnnx(file);
        tuned.SaveNetwork(network);
        Assert.DoesNotContain(OnnxFile.Read(network).Graph.Nodes, n => n.OpType == "BatchNormalization");
        using var served = TransferModel.Load(file);
        Assert.Equal(tuned.Evaluate(_pictures.Images).LogLoss, served.Evaluate(_pictures.Images).LogLoss, 5);
        // Nothing to restore where all is frozen.
        Assert.Contains("no batch normalization to restore", Assert.Throws<ConvTransferException>(() => still.Freeze(FreezeRule.AllButLast(0)).Fit(_pictures.Images)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHeadForOtherClassesOrFeaturesIsRefused()
    {
        ValueList<float> Zeros(int n) => new float[n].ToValueList();
        var other = new LinearHead(["a", "b", "c"], 12, Zeros(36), Zeros(3));
        Assert.Contains("'a', 'b', 'c'", Assert.Throws<ConvTransferException>(() => Network().FineTune(Still).ReplaceHead(other).Fit(_pictures.Images)).Message, StringComparison.Ordinal);
        var wide = new LinearHead(_pictures.Images.Classes.ToValueList(), 13, Zeros(39), Zeros(3));
        Assert.Contains("13 features", Assert.Throws<ConvTransferException>(() => Network().FineTune(Still).ReplaceHead(wide).Fit(_pictures.Images)).Message, StringComparison.Ordinal);
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => Network().FineTune(Still).ReplaceHead(new HeadDesign { Hidden = [100000, 100000] }).Fit(_pictures.Images)).Cause);
        Assert.Throws<ArgumentException>(() => Network().FineTune(Still).ReplaceHead(new HeadDesign { Hidden = [4], Start = MlNetHeads.Of(new HeadOptions()) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Network().FineTune(Still).ReplaceHead(new HeadDesign { Hidden = [0] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Network().FineTune(Still).ReplaceHead(new HeadDesign { Dropout = 1 }));
    }

    // Plain, in double, with the head's normalizers.
    private static double[] Logits(LinearHead head, float[] x)
    {
        foreach (var normalizer in head.Normalizers) normalizer.Apply(x);
        return [.. Enumerable.Range(0, head.Labels.Count).Select(c => head.Biases[c] + Enumerable.Range(0, x.Length).Sum(i => (double)head.Weights[(c * x.Length) + i] * x[i]))];
    }
}
