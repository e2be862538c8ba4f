using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Architecture;
using ConvTransfer.Tests.Cli;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>The network that the library brings along: what its card says of it, and that the verbs take it where no other is named.</summary>
public sealed class PretrainedNetworkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PictureFolder _pictures = new(perClass: 5, classes: 2);

    public void Dispose()
    {
        _folder.Dispose();
        _pictures.Dispose();
    }

    [Fact]
    public void ItIsWhatItsCardSays()
    {
        var network = PretrainedNetwork.Load();
        Assert.True(new FileInfo(Repository.PathOf("pretrained", "model.onnx")).Length <= 4_000_000);
        Assert.Equal(1_018_376, network.Graph.Initializers.Where(t => network.Graph.Nodes.Any(n => n.OpType != "BatchNormalization" ? n.Inputs.Contains(t.Name) : n.Inputs.Take(3).Contains(t.Name))).Sum(t => t.Shape.ElementCount));
        foreach (int size in (int[])[32, 64, 128])
        {
            using var planner = new Planner(network);
            Assert.Equal(new Shape(2, 200), planner.OutputTypes(new Shape(2, 3, size, size))[0].ToShape());
        }
        Assert.Null(PretrainedNetwork.Recipe.Fault());
        using var table = new FeatureExtractor(TransferPipelineNetwork(), PretrainedNetwork.Recipe);
        Assert.Equal(320, table.Width);
    }

    [Fact]
    public void ItIsFineTunedAsItIs()
    {
        using var tuned = TransferPipeline.FromPretrained().Preprocess(PretrainedNetwork.Recipe with { Resize = new ResizeRule.Exact(PixelSize.Square(32)), Crop = null })
            .Freeze(FreezeRule.AllButLast(2)).FineTune(new FineTuneOptions { Epochs = 2, BatchSize = 5 }).Fit(_pictures.Images);
        Assert.Equal(2, tuned.Training.Epochs.Count);
        string network = _folder.Path("network.onnx");
        tuned.SaveNetwork(network);
        // It still takes pictures of any size.
        using var planner = new Planner(ConvTransfer.Onnx.OnnxFile.Read(network));
        Assert.Equal(new Shape(1, 2), planner.OutputTypes(new Shape(1, 3, 96, 64))[0].ToShape());
    }

    [Fact]
    public void TheVerbsTakeItWhereNoneIsNamed()
    {
        var trained = Invocation.Of("train", "--images", _pictures.Path, "--output", _folder.Path("trained"), "--json");
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.Equal(320, trained.Json["features"]!.GetValue<int>());
        var missing = Invocation.Of("train", "--model", Repository.PathOf("pretrained", "model.onnx"), "--images", _pictures.Path, "--output", _folder.Path("other"));
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("--recipe", missing.Error, StringComparison.Ordinal);
    }

    private static Model TransferPipelineNetwork() => PretrainedNetwork.Load().TruncateAt(CutPoints.Penultimate);
}
