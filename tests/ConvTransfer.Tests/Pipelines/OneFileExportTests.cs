using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>What a one-file model holds, and that none is written that would say something else than the pipeline.</summary>
public sealed class OneFileExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("convtransfer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AModelSaysWhatItIs()
    {
        var model = OneFileSample.Build();
        Assert.Equal(18, model.Opset());
        Assert.Single(model.OpsetImports);
        Assert.Equal(["image"], model.Graph.RequiredInputs.Select(i => i.Name));
        Assert.Equal(["label", "scores"], model.Graph.Outputs.Select(o => o.Name));
        Assert.Equal("""["daisy","roses","tulips"]""", model.MetadataValue(OneFileMetadata.Labels));
        Assert.Equal(OneFileSample.Recipe, InputRecipe.FromJson(model.MetadataValue(OneFileMetadata.Recipe)!));
        Assert.Equal("any", model.MetadataValue(OneFileMetadata.Batch));
        Assert.Equal(OnnxFile.ToBytes(model), OnnxFile.ToBytes(OneFileSample.Build()));
    }

    [Fact]
    public void AFixedBatchIsOpenedWhereThatIsRightAndSaidWhereNot()
    {
        var network = OneFileSample.Network();
        var input = network.Graph.Inputs.Single();
        var one = network with { Graph = network.Graph with { Inputs = [input with { Type = TensorType.Of(ElementType.Float32, new Shape(1, 3, 24, 24)) }] } };
        Assert.Equal("any", OneFileModel.Build(one, OneFileSample.Recipe, OneFileSample.Head, []).MetadataValue(OneFileMetadata.Batch));

        // Joined in one row, the features of several pictures are no longer one row each.
        string features = network.Graph.Outputs[0].Name;
        var mixed = one with
        {
            Graph = one.Graph.Append(
                [new Node("Transpose", [features], ["turned"]), new Node("Reshape", ["turned", "shape"], ["joined"])],
                [TensorData.From<long>("shape", [2], [1, OneFileSample.Features])],
                [new ValueInfo("joined", null)]),
        };
        var model = OneFileModel.Build(mixed, OneFileSample.Recipe, OneFileSample.Head, []);
        Assert.Equal("1", model.MetadataValue(OneFileMetadata.Batch));
        Assert.Equal(1, ((TensorType)model.Graph.Inputs.Single().Type!)[0].Value);
        using TransferModel plain = TransferModel.Load(OneFileSample.Build()), served = TransferModel.Load(model);
        using var picture = TestPictures.Make(33, 44, 2);
        Assert.Equal(plain.Predict(picture).Scores, served.Predict(picture).Scores);
    }

    [Fact]
    public void NamesOfTheNetworkThatAreTakenAreChanged()
    {
        var network = OneFileSample.Network();
        string[] inner = [network.Graph.RequiredInputs.Single().Name, network.Graph.Nodes[0].Outputs[0], network.Graph.Outputs[0].Name];
        var graph = network.Graph.RenameValue(inner[0], "image").RenameValue(inner[1], "scores").RenameValue(inner[2], "label");
        using var plain = TransferModel.Load(OneFileSample.Build());
        using var renamed = TransferModel.Load(OneFileModel.Build(network with { Graph = graph }, OneFileSample.Recipe, OneFileSample.Head, []));
        using var picture = TestPictures.Make(33, 44, 2);
        Assert.Equal(plain.Predict(picture), renamed.Predict(picture));
    }

    [Fact]
    public void SeveralPicturesAtATimeAreTheSameAsEachAlone()
    {
        var model = OneFileSample.Build();
        using var served = TransferModel.Load(model);
        using var planner = new Planner(model);
        using var session = planner.CreateSession(2);
        using Tensor first = TestPictures.Make(50, 31, 1), second = TestPictures.Make(50, 31, 2);
        using var both = new Tensor(ElementType.UInt8, new Shape(2, 50, 31, 3));
        first.AsBytes().CopyTo(both.AsBytes());
        second.AsBytes().CopyTo(both.AsBytes()[(50 * 31 * 3)..]);
        using var scores = session.Run(both)[1];
        Assert.Equal([.. served.Predict(first).Scores, .. served.Predict(second).Scores], scores.AsSpan<float>().ToArray());
    }

    [Fact]
    public void TheNetworkIsPlannedOnceForPicturesOfAllSizes()
    {
        using var planner = new Planner(OneFileSample.Build());
        using Tensor wide = new(ElementType.UInt8, new Shape(1, 30, 200, 3)), tall = new(ElementType.UInt8, new Shape(1, 77, 31, 3));
        Plan[] first = planner.PlansFor([wide]), second = planner.PlansFor([tall]);
        Assert.Equal(2, first.Length);
        Assert.NotSame(first[0], second[0]);
        Assert.Same(first[1], second[1]);
        Assert.All(first[0].Nodes, n => Assert.NotEqual("Conv", n.OpType));
        Assert.Contains(first[1].Nodes, n => n.OpType == "Conv");
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        var network = OneFileSample.Network();
        var (recipe, head) = (OneFileSample.Recipe, OneFileSample.Head);
        var wide = new LinearHead(["a", "b"], OneFileSample.Features + 1, [.. new float[2 * (OneFileSample.Features + 1)]], [0, 0]);
        Assert.Throws<ArgumentException>(() => OneFileModel.Build(network, recipe, wide, []));
        Assert.Throws<ConvTransferException>(() => OneFileModel.Build(network, recipe with { Crop = PixelSize.Square(20) }, head, []));
        Assert.Throws<ConvTransferException>(() => OneFileModel.Build(network, recipe with { Layout = TensorLayout.Nhwc }, head, []));
        Assert.Contains("resize", Assert.Throws<ConvTransferException>(() => OneFileModel.Build(network, recipe with { Resize = null }, head, [])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => OneFileModel.Build(network, recipe, head, [new("labels", "x")]));
        Assert.Throws<ArgumentException>(() => OneFileModel.Build(network, recipe, head, [new(OneFileMetadata.Labels, "x")]));
        Assert.Throws<ArgumentException>(() => OneFileModel.Build(network, recipe, head, [new(OneFileMetadata.Cut, "x"), new(OneFileMetadata.Cut, "y")]));
        var foreign = network with { Graph = network.Graph.Append([new Node("Secret", [network.Graph.Outputs[0].Name], ["z"]) { Name = "mine", Domain = "com.example" }], outputs: [new ValueInfo("z", null)]) };
        Assert.Contains("'mine'", Assert.Throws<ConvTransferException>(() => OneFileModel.Build(foreign, recipe, head, [])).Message, StringComparison.Ordinal);
    }

    [SharedFact]
    public void AFileIsWrittenOnlyWhenItSaysWhatThePipelineSays()
    {
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(SharedMaterial.Path("data"), "flowers"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(70)];
        var model = OneFileSample.Build();
        using var served = TransferModel.Load(model);
        (string File, ValueList<float> Scores)[] expected = [.. served.PredictBatch(pictures).Select(p => (p.File!, p.Scores))];
        string path = Path.Combine(_folder, "model.onnx");

        OneFileExport.Write(model, path, expected);
        Assert.Equal(OnnxFile.ToBytes(model), File.ReadAllBytes(path));
        using (var loaded = TransferModel.Load(path)) Assert.Equal(expected[3].Scores, loaded.Predict(pictures[3]).Scores);
        File.Delete(path);

        // The last of 64 spread evenly over 70.
        const int tried = 68;
        expected[tried].Scores = [expected[tried].Scores[0] + 2e-5f, .. expected[tried].Scores.Skip(1)];
        var e = Assert.Throws<ConvTransferException>(() => OneFileExport.Write(model, path, expected));
        Assert.Equal(FailureCause.Output, e.Cause);
        Assert.Contains(Path.GetFileName(pictures[tried]), e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));

        Assert.Throws<ConvTransferException>(() => OneFileExport.Write(model, path, [(pictures[0], [float.NaN, float.NaN, float.NaN])]));
        // The trial keeps to the limits that the pictures were read with before.
        var narrow = PipelineOptions.Default with { Limits = Limits.Default with { ImagePixels = 10 } };
        Assert.Contains("pixels", Assert.Throws<ConvTransferException>(() => OneFileExport.Write(model, path, expected, narrow)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => OneFileExport.Write(model, path, []));
        Assert.Throws<ArgumentException>(() => OneFileExport.Write(model, path, [(pictures[0], [1f])]));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => OneFileExport.Write(model, path, expected[..2], null, cancelled.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }
}
