using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Graphs;

/// <summary>The edits of a graph: what goes, what stays, and that the old graph is untouched.</summary>
public sealed class GraphEditsTests
{
    private static TensorType Floats(params long[] dims) => TensorType.Of(ElementType.Float32, new Shape(dims));

    private static TensorData Constant(string name) => TensorData.From<float>(name, [1], [2f]);

    // x → a → b → (If capturing "held") → d → y, beside it x → dead → unused; "held" is made by a node of its own.
    private static Graph Sample()
    {
        var branch = new Graph { Name = "then", Nodes = [new Node("Add", ["held", "inner"], ["t"])], Initializers = [Constant("inner")], Outputs = [new ValueInfo("t", null)] };
        return new Graph
        {
            Name = "g",
            Nodes =
            [
                new Node("Mul", ["x", "w1"], ["a"]) { Name = "n1" },
                new Node("Relu", ["a"], ["b"]),
                new Node("Neg", ["x2"], ["held"]),
                new Node("If", ["b"], ["c"]) { Attributes = [new NodeAttribute("then_branch", new AttributeValue.Subgraph(branch))] },
                new Node("Mul", ["c", "w2"], ["d"]),
                new Node("Split", ["d"], ["y", "", "y2"]),
                new Node("Add", ["x3", "w3"], ["dead"]),
            ],
            Inputs = [new ValueInfo("x", Floats(1)), new ValueInfo("x2", Floats(1)), new ValueInfo("x3", Floats(1)), new ValueInfo("w1", Floats(1)), new ValueInfo("w3", Floats(1))],
            Outputs = [new ValueInfo("y", Floats(1))],
            ValueInfos = [new ValueInfo("a", Floats(1)), new ValueInfo("c", Floats(1)), new ValueInfo("dead", Floats(1))],
            Initializers = [Constant("w1"), Constant("w2"), Constant("w3")],
        };
    }

    private static string[] Names(IEnumerable<ValueInfo> infos) => [.. infos.Select(i => i.Name)];

    [Fact]
    public void ACutDropsWhatItsValueDoesNotNeed()
    {
        var cut = Sample().CutAt("b");
        Assert.Equal(["Mul", "Relu"], cut.Nodes.Select(n => n.OpType));
        Assert.Equal(["w1"], cut.Initializers.Select(t => t.Name));
        Assert.Equal(["x", "w1"], Names(cut.Inputs));
        Assert.Equal(["b"], Names(cut.Outputs));
        Assert.Null(cut.Outputs[0].Type);
        Assert.Equal(["a"], Names(cut.ValueInfos));
    }

    [Fact]
    public void ACutKeepsWhatSubgraphsCapture()
    {
        var cut = Sample().CutAt("c");
        Assert.Equal(["Mul", "Relu", "Neg", "If"], cut.Nodes.Select(n => n.OpType));
        Assert.Equal(["x", "x2", "w1"], Names(cut.Inputs));
        Assert.Equal(Floats(1), cut.Outputs[0].Type);
        Assert.Equal(["a", "c"], Names(cut.ValueInfos));
    }

    [Fact]
    public void AGivenTypeComesBeforeTheDeclaredOne() => Assert.Equal(Floats(7), Sample().CutAt("c", Floats(7)).Outputs[0].Type);

    // A change touches only what it changes: an old output is declared as an inner value where the graph did so, and nowhere else.
    [Fact]
    public void ACutDeclaresNothingThatTheGraphDidNot()
    {
        var graph = Sample();
        var cut = (graph with { Outputs = [new ValueInfo("b", Floats(1)), .. graph.Outputs] }).CutAt("d");
        Assert.Equal(["a", "c"], Names(cut.ValueInfos));
        var longer = graph.CutAt("c").Append([new Node("Neg", ["c"], ["z"])], null, [new ValueInfo("z", Floats(1))]);
        Assert.DoesNotContain(GraphComparison.Compare(new Model(graph), new Model(longer)), d => d.Subject.Contains("value_info", StringComparison.Ordinal) && !d.Subject.Contains("dead", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("x", "is an input")]
    [InlineData("w2", "is an initializer")]
    [InlineData("nowhere", "made by no node")]
    [InlineData("", "made by no node")]
    [InlineData("DEA", "similar names: 'dead'")]
    [InlineData("t", "made by no node")]
    public void ACutWhereNoNodeMakesTheValueIsRefused(string value, string says) =>
        Assert.Contains(says, Assert.Throws<ArgumentException>(() => Sample().CutAt(value)).Message, StringComparison.Ordinal);

    [Fact]
    public void RemovingDeadPartsKeepsTheInputsThatACallerGives()
    {
        var clean = Sample().RemoveDead();
        Assert.DoesNotContain(clean.Nodes, n => n.Outputs.IndexOf("dead") >= 0);
        Assert.Equal(["x", "x2", "x3", "w1"], Names(clean.Inputs));
        Assert.Equal(["w1", "w2"], clean.Initializers.Select(t => t.Name));
        Assert.Equal(["a", "c"], Names(clean.ValueInfos));
        Assert.Equal(clean, clean.RemoveDead());
    }

    [Fact]
    public void AppendedNodesComeLastAndMayReplaceTheOutputs()
    {
        var graph = Sample();
        var longer = graph.Append([new Node("Mul", ["y", "k"], ["z"]), new Node("Relu", ["z"], ["label"])], [Constant("k")], [new ValueInfo("label", null)]);
        Assert.Equal(["z", "label"], longer.Nodes.TakeLast(2).Select(n => n.Outputs[0]));
        Assert.Equal(["label"], Names(longer.Outputs));
        Assert.Equal(graph.ValueInfos, longer.ValueInfos);
        Assert.Equal(Sample().Nodes.Count, graph.Nodes.Count);
        Assert.Same(graph.Nodes[0], longer.Nodes[0]);
        Assert.Equal(["y"], Names(graph.Append([new Node("Relu", ["y"], ["z"])]).Outputs));
    }

    [Fact]
    public void AppendedNodesMustUseFreshNamesAndKnownValues()
    {
        Assert.Throws<ArgumentException>(() => Sample().Append([new Node("Relu", ["y"], ["a"])]));
        Assert.Throws<ArgumentException>(() => Sample().Append([new Node("Relu", ["nowhere"], ["z"])]));
        Assert.Throws<ArgumentException>(() => Sample().Append([new Node("Relu", ["z"], ["z2"]), new Node("Relu", ["y"], ["z"])]));
        Assert.Throws<ArgumentException>(() => Sample().Append([new Node("Relu", ["y"], ["z"])], [Constant("w1")]));
        Assert.Throws<ArgumentException>(() => Sample().Append([new Node("Relu", ["y"], ["z"])], null, [new ValueInfo("q", null)]));
    }

    [Fact]
    public void PrependedNodesTakeThePlaceOfAnInput()
    {
        var graph = Sample().Prepend([new ValueInfo("image", Floats(3))], [new Node("Mul", ["image", "k"], ["s"]), new Node("Relu", ["s"], ["x"])], [Constant("k")]);
        Assert.Equal(["image", "x2", "x3", "w1", "w3"], Names(graph.Inputs));
        Assert.Equal(["s", "x", "a"], graph.Nodes.Take(3).Select(n => n.Outputs[0]));
        Assert.Contains("x", Names(graph.ValueInfos));
        Assert.Throws<ArgumentException>(() => Sample().Prepend([new ValueInfo("image", null)], [new Node("Relu", ["image"], ["b"])]));
        Assert.Throws<ArgumentException>(() => Sample().Prepend([new ValueInfo("image", null)], [new Node("Relu", ["a"], ["x"])]));
        Assert.Throws<ArgumentException>(() => Sample().Prepend([new ValueInfo("image", null)], [new Node("Relu", ["image"], ["w1"])]));
        Assert.Throws<ArgumentException>(() => Sample().Prepend([new ValueInfo("x2", null)], [new Node("Relu", ["x2"], ["x"])]));
    }

    [Fact]
    public void ReplacedInitializersKeepTheirPlaceAndTypeIsChecked()
    {
        var graph = Sample().ReplaceInitializers([TensorData.From<float>("w2", [1], [9f])]);
        Assert.Equal(["w1", "w2", "w3"], graph.Initializers.Select(t => t.Name));
        Assert.Equal(BitConverter.GetBytes(9f), graph.Initializers[1].Bytes.ToArray());
        Assert.Throws<ArgumentException>(() => Sample().ReplaceInitializers([Constant("nowhere")]));
        Assert.Throws<ArgumentException>(() => Sample().ReplaceInitializers([TensorData.From<float>("w2", [1, 1], [9f])]));
        Assert.Throws<ArgumentException>(() => Sample().ReplaceInitializers([TensorData.From<int>("w2", [1], [9])]));
    }

    [Fact]
    public void ARenamedValueIsRenamedWhereverItStands()
    {
        var graph = Sample().RenameValue("held", "kept");
        Assert.False(graph.Defines("held"));
        Assert.Equal("kept", graph.Nodes[2].Outputs[0]);
        Assert.Equal(["kept"], graph.Nodes[3].Subgraphs.Single().Captures());
        Assert.Equal(["x", "image"], Names(Sample().RenameValue("x2", "image").Inputs).Take(2));
        Assert.Equal("weights", Sample().RenameValue("w1", "weights").Initializers[0].Name);
        Assert.Equal(Sample().Nodes.Count, Sample().RenameValue("y", "out").CutAt("out").Nodes.Count + 1);
        Assert.Throws<ArgumentException>(() => Sample().RenameValue("a", "b"));
        Assert.Throws<ArgumentException>(() => Sample().RenameValue("a", "inner"));
        Assert.Throws<ArgumentException>(() => Sample().RenameValue("nowhere", "z"));
    }

    [Fact]
    public void AFreshNameIsTakenNowhereInTheGraph()
    {
        var names = new UniqueNames(Sample());
        Assert.Equal(["t_1", "n1_1", "a_1", "a_2", "free", "free_1"], new[] { "t", "n1", "a", "a", "free", "free" }.Select(names.Fresh));
    }

    [SharedFact]
    public void ACutNetworkIsASoundFileOfTheNeededPartsOnly()
    {
        var model = OnnxFile.Read(Path.Combine(SharedMaterial.Path("models"), "squeezenet", "model.onnx"));
        var cut = model with { Graph = model.Graph.CutAt("fire9/concat_1") };
        var back = OnnxFile.Read(OnnxFile.ToBytes(cut));
        Assert.Equal(["data_0"], back.Graph.RequiredInputs.Select(i => i.Name));
        // A file of format 3, whose initializers are inputs.
        Assert.Equal(back.Graph.Initializers.Count + 1, back.Graph.Inputs.Count);
        Assert.Equal("fire9/concat_1", back.Graph.Outputs.Single().Name);
        Assert.Empty(back.Graph.Captures());
        Assert.Equal(back.Graph.Nodes.SelectMany(n => n.Inputs).Where(model.Graph.Initializers.Select(t => t.Name).ToHashSet().Contains).Distinct().Count(), back.Graph.Initializers.Count);
        Assert.Equal(model.Graph.Nodes.Take(back.Graph.Nodes.Count).Select(n => n.Outputs[0]), back.Graph.Nodes.Select(n => n.Outputs[0]));
    }
}
