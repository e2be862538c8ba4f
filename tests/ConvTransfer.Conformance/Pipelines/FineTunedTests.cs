using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Conformance.Pipelines;

/// <summary>Networks of the test material after a fine-tuning: both files under ONNX Runtime say what our run says, and nothing of the source is changed but what was trained.</summary>
public sealed class FineTunedTests
{
    public static TheoryData<string> Cases => SharedMaterial.IsPresent ? [.. ExportCase.All.Where(c => c.Folder != "squeezenet-fp16").Select(c => c.Folder)] : [];

    [SharedTheory]
    [MemberData(nameof(Cases))]
    public void TheFilesOfATrainingSayTheSameUnderOnnxRuntime(string folder)
    {
        var test = ExportCase.All.Single(c => c.Folder == folder);
        var source = OnnxFile.Read(SharedMaterial.Path("models", folder, "model.onnx"));
        using var tuned = Pipeline(test, source).Fit(Pictures());
        using var files = new TemporaryFolder();
        tuned.SaveNetwork(files.Path("network.onnx"));
        tuned.SaveOnnx(files.Path("model.onnx"));

        var network = OnnxFile.Read(files.Path("network.onnx"));
        Assert.NotEmpty(tuned.TrainedWeights);
        AssertOnlyTheHeadAndTheTrainedNumbersDiffer(source, network, tuned, test.Pool);

        using var served = TransferModel.Load(files.Path("model.onnx"));
        using Yardstick whole = new(File.ReadAllBytes(files.Path("model.onnx"))), part = new(File.ReadAllBytes(files.Path("network.onnx")));
        using var planner = new Planner(network);
        using var session = planner.CreateSession(1);
        var preprocessor = new ImagePreprocessor(test.Recipe);
        foreach (var item in Pictures().Items.Where((_, i) => i % 5 == 0))
        {
            using var picture = ImageReader.Read(item.Path);
            using var image = picture.WithShape(new Shape([1, .. picture.Shape.Dims]));
            var outputs = whole.Run((OneFileModel.Input, image));
            using Tensor label = outputs[0], scores = outputs[1];
            var ours = served.Predict(picture);
            for (int c = 0; c < ours.Scores.Count; c++) Assert.Equal(scores.AsSpan<float>()[c], ours.Scores[c], 1e-4f);

            using var input = new Tensor(ElementType.Float32, new Shape([1, .. preprocessor.OutputShape(new PixelSize((int)picture.Shape[0], (int)picture.Shape[1])).Dims]));
            preprocessor.Run(picture, input.AsSpan<float>());
            using Tensor theirs = part.Run((network.Graph.RequiredInputs.Single().Name, input))[0], mine = session.Run(input)[0];
            float most = 0;
            foreach (float v in theirs.AsSpan<float>()) most = MathF.Max(most, MathF.Abs(v));
            for (int c = 0; c < mine.ElementCount; c++) Assert.InRange(MathF.Abs(theirs.AsSpan<float>()[c] - mine.AsSpan<float>()[c]), 0, 1e-4f * MathF.Max(1, most));
        }
    }

    // Every line of the comparison is accounted for: what the cut drops, the head, and the numbers that a training may change.
    private static void AssertOnlyTheHeadAndTheTrainedNumbersDiffer(Model source, Model network, FineTunedModel tuned, bool isPooled)
    {
        static string Subject(string kind, string name) => $"{kind} '{name}'";
        var left = network.Graph.Nodes.SelectMany(n => n.Outputs).Concat(network.Graph.Nodes.SelectMany(n => n.Inputs)).ToHashSet();
        var dropped = source.Graph.Nodes.Where(n => !n.Outputs.Any(left.Contains)).Select(n => n.DisplayName)
            .Concat(source.Graph.Nodes.SelectMany(n => n.Outputs).Concat(source.Graph.Initializers.Select(t => t.Name)).Where(v => !left.Contains(v)).SelectMany(v => new[] { Subject("initializer", v), Subject("value_info", v), Subject("input", v) }))
            .Concat(source.Graph.Outputs.Select(o => Subject("output", o.Name))).ToHashSet();
        Node[] head = [.. network.Graph.Nodes.TakeLast(isPooled ? 3 : 1)];
        string[] weights = ["head.weight", "head.bias"];
        // Up to IR 3 initializers are inputs too.
        var added = head.Select(n => n.DisplayName).Concat(weights.SelectMany(w => source.IrVersion < 4 ? new[] { Subject("initializer", w), Subject("input", w) } : [Subject("initializer", w)])).Append(Subject("output", "logits")).ToHashSet();
        var statistics = source.Graph.Nodes.Where(n => n.OpType == "BatchNormalization").SelectMany(n => n.Inputs.Skip(3));
        var changed = tuned.TrainedWeights.Concat(statistics).Except(tuned.FrozenWeights).Select(n => Subject("initializer", n)).ToHashSet();
        foreach (var difference in GraphComparison.Compare(source, network))
        {
            var expected = difference.Kind switch { DifferenceKind.Added => added, DifferenceKind.Removed => dropped, _ => changed };
            Assert.True(expected.Contains(difference.Subject), difference.ToString());
        }
        var before = source.Graph.Initializers.ToDictionary(t => t.Name);
        foreach (var now in network.Graph.Initializers.Where(t => before.ContainsKey(t.Name))) Assert.Equal(!tuned.UnchangedWeights.Contains(now.Name), !before[now.Name].HasSameContent(now));
        Assert.Equal(tuned.FrozenHash, FineTunedModel.HashOf(source, tuned.FrozenWeights));
        Assert.Equal(tuned.FrozenHash, FineTunedModel.HashOf(network, tuned.FrozenWeights));
    }

    [SharedFact]
    public void ANetworkInFloat16IsRefusedBeforeAnyPictureIsRead()
    {
        var test = ExportCase.All.Single(c => c.Folder == "squeezenet-fp16");
        var pipeline = Pipeline(test, OnnxFile.Read(SharedMaterial.Path("models", test.Folder, "model.onnx")));
        var missing = new ImageDataset(["a", "b"], [new LabelledImage("/nowhere/1.png", 0), new LabelledImage("/nowhere/2.png", 1)]);
        var failure = Assert.Throws<ConvTransferException>(() => pipeline.Fit(missing));
        Assert.Equal(FailureCause.Unsupported, failure.Cause);
        Assert.Contains("float16", failure.Message, StringComparison.Ordinal);
    }

    // CNTK stores the weights of its dense layer as a picture, behind a Reshape.
    [SharedFact]
    public void ParametersBehindAReshapeAreTrained()
    {
        var test = ExportCase.All.Single(c => c.Folder == "mnist-cntk");
        var source = OnnxFile.Read(SharedMaterial.Path("models", test.Folder, "model.onnx"));
        using var tuned = TransferPipeline.FromModel(source).Preprocess(test.Recipe).TruncateAt("Plus214_Output_0").Freeze(FreezeRule.AllButLast(1)).FineTune(new FineTuneOptions { Epochs = 2, BatchSize = 4 }).Fit(Pictures());
        Assert.Equal(["Parameter193", "Parameter194"], tuned.TrainedWeights.Order(StringComparer.Ordinal));
        using var files = new TemporaryFolder();
        tuned.SaveNetwork(files.Path("network.onnx"));
        var network = OnnxFile.Read(files.Path("network.onnx"));
        AssertOnlyTheHeadAndTheTrainedNumbersDiffer(source, network, tuned, isPooled: false);
        Assert.Contains(GraphComparison.Compare(source, network), d => d.Subject == "initializer 'Parameter193'");
    }

    // The outputs of SqueezeNet in its use are the same when batch normalizations stand behind its convolutions.
    [SharedFact]
    public void RestoredNormalizationsLeaveSqueezeNetAsItIs()
    {
        var source = OnnxFile.Read(SharedMaterial.Path("models", "squeezenet", "model.onnx"));
        var test = ExportCase.All[0];
        var folded = FoldedNormalizations.Find(source, []);
        Assert.Equal(26, folded.Count);
        var restored = FoldedNormalizations.Restore(source, ChannelCalibration.Run(source, folded, Pictures(), test.Recipe, PipelineOptions.Default, CancellationToken.None));
        var preprocessor = new ImagePreprocessor(test.Recipe);
        string logits = source.Graph.Nodes[^1].Inputs[0];
        using Planner planner = new(source, [logits]), other = new(restored, [logits]);
        using Session session = planner.CreateSession(1), otherSession = other.CreateSession(1);
        using var input = new Tensor(ElementType.Float32, new Shape(1, 3, 224, 224));
        foreach (var item in Pictures().Items.Take(3))
        {
            using var picture = ImageReader.Read(item.Path);
            preprocessor.Run(picture, input.AsSpan<float>());
            using Tensor expected = session.Run(input)[0], actual = otherSession.Run(input)[0];
            float most = 0, apart = 0;
            for (int i = 0; i < expected.ElementCount; i++)
            {
                most = MathF.Max(most, MathF.Abs(expected.AsSpan<float>()[i]));
                apart = MathF.Max(apart, MathF.Abs(expected.AsSpan<float>()[i] - actual.AsSpan<float>()[i]));
            }
            Assert.True(apart <= 1e-5f * most, $"{apart} of {most}");
        }
    }

    private static FineTunePipeline Pipeline(ExportCase test, Model source) => TransferPipeline.FromModel(source).Preprocess(test.Recipe)
        .TruncateAt(test.Cut(source.Graph), test.Pool ? Pooling.GlobalAverage : Pooling.None)
        .Freeze(FreezeRule.AllButLast(2)).FineTune(new FineTuneOptions { Epochs = 2, BatchSize = 4, BatchNormalization = BatchNormalizationPolicy.Train });

    // Five photographs of each of two classes.
    private static ImageDataset Pictures()
    {
        var all = ImageDataset.FromFolder(SharedMaterial.Path("data", "flowers"));
        return new ImageDataset(all.Classes.Take(2), all.Items.Where(i => i.Label < 2).GroupBy(i => i.Label).SelectMany(g => g.Take(5)));
    }
}
