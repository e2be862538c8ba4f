using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>A served model: the same bits from any number of threads, typed faults, and an end that no call can crash into.</summary>
public sealed class TransferModelTests
{
    [Fact]
    public void AModelKnowsWhatItsFileSays()
    {
        using var model = TransferModel.Load(OneFileSample.Build());
        Assert.Equal(OneFileSample.Head.Labels, model.Labels);
        Assert.Equal(OneFileSample.Recipe, model.Recipe);
        Assert.Equal("""{"accuracy":0.5}""", model.Figures);
        Assert.Equal("relu", model.Cut);
    }

    [Fact]
    public void ThreadsDoNotChangeBits()
    {
        Tensor[] pictures = [.. TestPictures.Sizes.Select((s, i) => TestPictures.Make(s.H, s.W, i))];
        using var alone = TransferModel.Load(OneFileSample.Build(), threads: 1);
        Prediction[] expected = [.. pictures.Select(alone.Predict)];
        Assert.All(expected, p => Assert.Equal(p.Labels[p.Scores.IndexOf(p.Scores.Max())], p.Label));
        using var model = TransferModel.Load(OneFileSample.Build(), threads: 3);
        ImageLoop.Run(400, 8, "test", (_, i) => Assert.Equal(expected[i % pictures.Length], model.Predict(pictures[i % pictures.Length])), null, CancellationToken.None);
        foreach (var picture in pictures) picture.Dispose();
    }

    [Fact]
    public void DisposeEndsLaterCallsAndNoRunningOne()
    {
        for (int round = 0; round < 20; round++)
        {
            using var picture = TestPictures.Make(40, 30, 1);
            var model = TransferModel.Load(OneFileSample.Build(), threads: 2);
            var expected = model.Predict(picture);
            int answered = 0, refused = 0;
            ImageLoop.Run(64, 8, "test", (_, i) =>
            {
                if (i == 20) model.Dispose();
                try
                {
                    Assert.Equal(expected, model.Predict(picture));
                    Interlocked.Increment(ref answered);
                }
                catch (ObjectDisposedException)
                {
                    Interlocked.Increment(ref refused);
                }
            }, null, CancellationToken.None);
            Assert.Equal(64, answered + refused);
            Assert.True(refused > 0);
            model.Dispose();
            Assert.Throws<ObjectDisposedException>(() => model.Predict(picture));
            Assert.Throws<ObjectDisposedException>(() => model.Predict("nowhere.png"));
        }
    }

    [Fact]
    public void AScoreThatIsNotFiniteHasNoLabel()
    {
        var built = OneFileSample.Build();
        var weights = built.Graph.Initializers.Single(t => t.Name.StartsWith("head/weights", StringComparison.Ordinal));
        var broken = built with { Graph = built.Graph.ReplaceInitializers([TensorData.From<float>(weights.Name, weights.Dims.AsSpan(), [.. Enumerable.Repeat(float.NaN, 3 * OneFileSample.Features)])]) };
        using var model = TransferModel.Load(broken);
        using var picture = TestPictures.Make(9, 9, 0);
        var prediction = model.Predict(picture);
        Assert.False(prediction.IsFinite);
        Assert.Null(prediction.Label);
        Assert.Null(prediction.Score);
    }

    [Fact]
    public void AWrongPictureIsAWrongArgument()
    {
        using var model = TransferModel.Load(OneFileSample.Build(), threads: 1);
        foreach (var shape in new[] { new Shape(3, 4, 4), new Shape(4, 4), new Shape(1, 4, 4, 3), new Shape(0, 4, 3) })
        {
            using var wrong = new Tensor(ElementType.UInt8, shape);
            Assert.Throws<ArgumentException>(() => model.Predict(wrong));
        }
        using var floats = new Tensor(ElementType.Float32, new Shape(4, 4, 3));
        Assert.Throws<ArgumentException>(() => model.Predict(floats));
        Assert.Equal(FailureCause.ImageInvalid, Assert.Throws<ConvTransferException>(() => model.Predict("nowhere.png")).Cause);
        var e = Assert.Throws<ConvTransferException>(() => model.PredictBatch(["nowhere-1.png", "nowhere-2.png"]));
        Assert.Equal("nowhere-1.png", e.File);
        Assert.Empty(model.PredictBatch([]));
    }

    [SharedFact]
    public void ABatchIsItsPicturesInOrder()
    {
        string folder = Path.Combine(SharedMaterial.Path("data"), "flowers");
        string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(12)];
        using var model = TransferModel.Load(OneFileSample.Build(), threads: 2);
        var batch = model.PredictBatch(files);
        Assert.Equal(files, batch.Select(p => p.File));
        Assert.Equal(files.Select(model.Predict), batch);
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "no metadata", "no metadata 'convtransfer.format'" }, { "new format", "format '2'" }, { "no labels", "'convtransfer.labels' is missing" }, { "broken labels", "no JSON array" },
        { "other labels", "are not those" }, { "broken recipe", "recipe" }, { "no scores", "no output 'scores'" }, { "other input", "expected 'image'" }, { "batch", "'convtransfer.batch' is 'many'" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void AFileThatIsNoModelOfOursIsRefused(string fault, string says)
    {
        var built = OneFileSample.Build();
        Model With(string key, string? value) => built with { Metadata = built.Metadata.Where(e => e.Key != key).Concat(value is null ? [] : [new KeyValuePair<string, string>(key, value)]).ToValueList() };
        var model = fault switch
        {
            "no metadata" => OneFileSample.Network(),
            "new format" => With(OneFileMetadata.Format, "2"),
            "no labels" => With(OneFileMetadata.Labels, null),
            "broken labels" => With(OneFileMetadata.Labels, "{}"),
            "other labels" => With(OneFileMetadata.Labels, """["a","b","c"]"""),
            "broken recipe" => With(OneFileMetadata.Recipe, "{"),
            "no scores" => built with { Graph = built.Graph with { Outputs = [built.Graph.Outputs[0]] } },
            "other input" => built with { Graph = built.Graph.RenameValue(OneFileModel.Input, "picture") },
            _ => With(OneFileMetadata.Batch, "many"),
        };
        var e = Assert.Throws<ConvTransferException>(() => TransferModel.Load(OnnxFile.Read(OnnxFile.ToBytes(model), "file.onnx")));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.Equal("file.onnx", e.File);
    }
}
