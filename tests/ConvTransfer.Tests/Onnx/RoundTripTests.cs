using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Onnx.Protobuf;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Onnx;

/// <summary>Law L5: import and export of an untouched file is the same message, and the same bytes where the file was canonical; a change touches only what it changes.</summary>
public sealed class RoundTripTests
{
    private static IEnumerable<string> AllModels(params string[] folders) => folders.SelectMany(f => Directory.EnumerateFiles(SharedMaterial.Path(f), "*.onnx", SearchOption.AllDirectories)).Order(StringComparer.Ordinal);

    [SharedTheory]
    [InlineData("models", 14)]
    [InlineData("conformance", 1900)]
    public void AnUntouchedFileIsWrittenAsItWas(string folder, int atLeast)
    {
        int count = 0;
        foreach (string path in AllModels(folder))
        {
            // Format 1 is older than what is read; its refusal is a row of the fault table.
            if (path.Contains("ir1-no-opset", StringComparison.Ordinal)) continue;
            byte[] bytes = File.ReadAllBytes(path);
            var before = ModelProto.Parser.ParseFrom(bytes);
            var model = OnnxFile.Read(path);
            // The copy loses nothing only if every element is written by its patch rules, not merely handed through.
            foreach (byte[] written in new[] { OnnxFile.ToBytes(model), OnnxFile.ToBytes(model with { Graph = model.Graph with { } }) })
            {
                Assert.Equal(before, ModelProto.Parser.ParseFrom(written));
                if (before.CalculateSize() == bytes.Length && Google.Protobuf.MessageExtensions.ToByteArray(before).AsSpan().SequenceEqual(bytes)) Assert.Equal(bytes, written);
            }
            count++;
        }
        Assert.True(count >= atLeast, $"{count} files were found");
    }

    [SharedFact]
    public void AChangeTouchesOnlyWhatItChanges()
    {
        var model = OnnxFile.Read(Path.Combine(SharedMaterial.Path("models"), "mnist-bn-pytorch", "model.onnx"));
        var before = (((Origin<ModelProto, Model>)model.Origin!).Message).Clone();
        var nodes = model.Graph.Nodes.ToArray();
        nodes[1] = nodes[1] with { Name = "another" };
        var after = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(model with { Graph = model.Graph with { Nodes = nodes.ToValueList() } }));
        before.Graph.Node[1].Name = "another";
        Assert.Equal(before, after);
    }

    [SharedFact]
    public void InAChangedFileTheFormatSuitsTheOpsetAndInitializersAreNoInputs()
    {
        var model = OnnxFile.Read(Path.Combine(SharedMaterial.Path("models"), "squeezenet", "model.onnx"));
        Assert.True(model.Graph.Inputs.Count > 1);
        var raised = OnnxFile.Read(OnnxFile.ToBytes(model with { OpsetImports = [new OpsetImport("", 18)] }));
        Assert.Equal(8, raised.IrVersion);
        Assert.Equal(["data_0"], raised.Graph.Inputs.Select(i => i.Name));
        Assert.Equal(model.Graph.Initializers.Count, raised.Graph.Initializers.Count);
    }

    // In format 3 each initializer is an input: those that are stay, a new one joins them. A file whose format is kept is changed nowhere else.
    [SharedFact]
    public void InAChangedFileOfFormat3InitializersAreInputs()
    {
        var model = OnnxFile.Read(Path.Combine(SharedMaterial.Path("models"), "squeezenet", "model.onnx"));
        var graph = model.Graph.Append([new Node("Mul", ["softmaxout_1", "k"], ["y"])], [TensorData.From<float>("k", [1], [2f])], [new ValueInfo("y", null)]);
        var read = OnnxFile.Read(OnnxFile.ToBytes(model with { Graph = graph }));
        Assert.Equal(3, read.IrVersion);
        Assert.Equal(["+ input 'k'", "- output 'softmaxout_1'", "+ output 'y'", "+ Mul node that makes 'y'", "+ initializer 'k'"], GraphComparison.Compare(model, read).Select(d => d.ToString().Split(": ")[0]));
    }

    [Fact]
    public void InANewerFileInputsStayAsTheyAre()
    {
        var type = TensorType.Of(Engine.Tensors.ElementType.Float32, new Engine.Tensors.Shape(1));
        var graph = new Graph
        {
            Name = "g",
            Inputs = [new ValueInfo("x", type), new ValueInfo("k", type)],
            Outputs = [new ValueInfo("y", type)],
            Nodes = [new Node("Mul", ["x", "k"], ["y"])],
            Initializers = [TensorData.From<float>("k", [1], [2f])],
        };
        var model = OnnxFile.Read(OnnxFile.ToBytes(new Model(graph) { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] }));
        var renamed = model with { Graph = model.Graph with { Nodes = [model.Graph.Nodes[0] with { Name = "scale" }] } };
        Assert.Equal("~ Mul node that makes 'y' name: '' → 'scale'", Assert.Single(GraphComparison.Compare(model, OnnxFile.Read(OnnxFile.ToBytes(renamed)))).ToString());
    }

    [Fact]
    public void AModelMadeInMemoryComesBackEqual()
    {
        var model = new Model(new Graph
        {
            Name = "g",
            Nodes = [new Node("Gemm", ["x", "w"], ["y"]) { Name = "fc", Attributes = [new NodeAttribute("transB", new AttributeValue.Int(1)), new NodeAttribute("alpha", new AttributeValue.Float(0.5f))] }],
            Inputs = [new ValueInfo("x", new TensorType(Engine.Tensors.ElementType.Float32, [Dim.Of("N"), 2]))],
            Outputs = [new ValueInfo("y", new TensorType(Engine.Tensors.ElementType.Float32, [Dim.Of("N"), 1]))],
            Initializers = [TensorData.From<float>("w", [1, 2], [1.5f, -2])],
        })
        { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)], ProducerName = "test", Metadata = [KeyValuePair.Create("k", "v")] };
        var back = OnnxFile.Read(OnnxFile.ToBytes(model));
        Assert.Equal(model.Graph.Initializers[0].Bytes.ToArray(), back.Graph.Initializers[0].Bytes.ToArray());
        Assert.Equal(("fc", "Gemm"), (back.Graph.Nodes[0].Name, back.Graph.Nodes[0].OpType));
        Assert.Equal(model.Graph.Nodes[0].Attributes.Select(a => (a.Name, a.Value)), back.Graph.Nodes[0].Attributes.Select(a => (a.Name, a.Value)));
        Assert.Equal(model.Graph.Inputs.Select(i => (i.Name, i.Type)), back.Graph.Inputs.Select(i => (i.Name, i.Type)));
        Assert.Equal((8L, "test", "v"), (back.IrVersion, back.ProducerName, back.MetadataValue("k")));
    }
}
