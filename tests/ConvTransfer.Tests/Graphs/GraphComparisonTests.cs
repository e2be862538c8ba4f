using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Graphs;

/// <summary>Two models are compared part by part: each kind of change gives its own line, and alike models give none.</summary>
public sealed class GraphComparisonTests
{
    private static Model Sample()
    {
        var body = new Graph { Name = "body", Nodes = [new Node("Relu", ["x"], ["t"])], Outputs = [new ValueInfo("t", null)] };
        return new Model(new Graph
        {
            Name = "g",
            Nodes =
            [
                new Node("Conv", ["x", "w"], ["a"]) { Name = "conv1", Attributes = [new NodeAttribute("strides", new AttributeValue.Ints([1, 1]))] },
                new Node("If", ["a"], ["b"]) { Name = "if1", Attributes = [new NodeAttribute("then_branch", new AttributeValue.Subgraph(body)), new NodeAttribute("t", new AttributeValue.Tensor(TensorData.From<long>("", [1], [5L])))] },
                new Node("Relu", ["b"], ["y"]) { Name = "relu1" },
            ],
            Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [Dim.Of("N"), 3]))],
            Outputs = [new ValueInfo("y", null)],
            Initializers = [TensorData.From<float>("w", [4], [1f, 2f, 3f, 4f])],
        })
        { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)], Metadata = [KeyValuePair.Create("k", "v")] };
    }

    private static Model WithNode(int index, Func<Node, Node> edit)
    {
        var model = Sample();
        return model with { Graph = model.Graph with { Nodes = model.Graph.Nodes.Select((n, i) => i == index ? edit(n) : n).ToValueList() } };
    }

    private static Model WithGraph(Func<Graph, Graph> edit) => Sample() with { Graph = edit(Sample().Graph) };

    private static Node WithValue(Node node, int index, AttributeValue value) => node with { Attributes = node.Attributes.Select((a, i) => i == index ? a with { Value = value } : a).ToValueList() };

    /// <summary>The changes by name.</summary>
    public static TheoryData<string> Names => [.. Changes.Select(c => c.Name)];

    private static readonly (string Name, Model Changed, string Line)[] Changes =
    [
        ("ir", Sample() with { IrVersion = 9 }, "~ ir_version: 8 → 9"),
        ("opset", Sample() with { OpsetImports = [new OpsetImport("ai.onnx", 19)] }, "~ opset of 'ai.onnx': version 18 → version 19"),
        ("domain", Sample() with { OpsetImports = [new OpsetImport("", 18), new OpsetImport("ai.onnx.ml", 3)] }, "+ opset of 'ai.onnx.ml': version 3"),
        ("metadata", Sample() with { Metadata = [] }, "- metadata 'k': 'v'"),
        ("input type", WithGraph(g => g with { Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [Dim.Of("M"), 3]))] }), "~ input 'x': float [N, 3] → float [M, 3]"),
        ("output", WithGraph(g => g with { Outputs = [.. g.Outputs, new ValueInfo("b", null)] }), "+ output 'b': no type"),
        ("operator", WithNode(2, n => n with { OpType = "Elu" }), "~ Relu node 'relu1' operator: Relu → Elu"),
        ("inputs", WithNode(2, n => n with { Inputs = ["a"] }), "~ Relu node 'relu1' inputs: (b) → (a)"),
        ("output renamed", WithNode(2, n => n with { Outputs = ["z"] }), "~ Relu node 'relu1' outputs: (y) → (z)"),
        ("attribute", WithNode(0, n => WithValue(n, 0, new AttributeValue.Ints([2, 2]))), "~ Conv node 'conv1' attribute 'strides': [1, 1] → [2, 2]"),
        ("attribute gone", WithNode(0, n => n with { Attributes = [] }), "- Conv node 'conv1' attribute 'strides': [1, 1]"),
        ("attribute tensor", WithNode(1, n => WithValue(n, 1, new AttributeValue.Tensor(TensorData.From<long>("", [1], [6L])))), "~ If node 'if1' attribute 't': int64 [1]: 1 of 1 elements differ"),
        ("inside a body", WithNode(1, n => WithValue(n, 0, new AttributeValue.Subgraph(n.Subgraphs.Single() with { Nodes = [new Node("Relu", ["a"], ["t"])] }))), "~ If node 'if1' attribute 'then_branch': Relu node that makes 't' inputs: (x) → (a)"),
        ("node gone", WithGraph(g => g with { Nodes = [g.Nodes[0], g.Nodes[1]] }), "- Relu node 'relu1': (b) → (y)"),
        ("node new", WithGraph(g => g with { Nodes = [.. g.Nodes, new Node("Neg", ["a"], ["n"]) { Name = "\u001b[2J" }] }), "+ Neg node '\\u001B[2J': (a) → (n)"),
        ("order", WithGraph(g => g with { Nodes = [g.Nodes[1], g.Nodes[2], g.Nodes[0]] }), "~ order of nodes: 1 stand at another place"),
        ("weights", WithGraph(g => g with { Initializers = [TensorData.From<float>("w", [4], [1f, 2.5f, 3f, 2f])] }), "~ initializer 'w': float [4]: 2 of 4 elements differ, the largest difference is 2"),
        ("not a number", WithGraph(g => g with { Initializers = [TensorData.From<float>("w", [4], [float.NaN, 2f, 3f, 4f])] }), "~ initializer 'w': float [4]: 1 of 4 elements differ, the largest difference is NaN"),
        ("shape", WithGraph(g => g with { Initializers = [TensorData.From<float>("w", [2, 2], [1f, 2f, 3f, 4f])] }), "~ initializer 'w': float [4] → float [2, 2]"),
        ("function", Sample() with { Functions = [new Function("d", "f", ["x"], ["y"], [new Node("Relu", ["x"], ["y"])])] }, "+ function 'd.f': 1 nodes"),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void AChangeGivesItsLine(string name)
    {
        var (_, changed, line) = Changes.Single(c => c.Name == name);
        Assert.Equal([line], GraphComparison.Compare(Sample(), changed).Select(d => d.ToString()));
    }

    [Fact]
    public void AlikeModelsDifferInNothing() => Assert.Empty(GraphComparison.Compare(Sample(), Sample()));

    [SharedFact]
    public void AFileReadTwiceDiffersInNothingAndACutDiffersInWhatWasCutOff()
    {
        string path = Path.Combine(SharedMaterial.Path("models"), "mnist-bn-pytorch", "model.onnx");
        var model = OnnxFile.Read(path);
        Assert.Empty(GraphComparison.Compare(model, OnnxFile.Read(path)));
        var cut = model with { Graph = model.Graph.CutAt(model.Graph.Nodes[^2].Outputs[0]) };
        var differences = GraphComparison.Compare(model, cut);
        Assert.Single(differences, d => d.Kind == DifferenceKind.Removed && d.Subject.Contains(" node ", StringComparison.Ordinal));
        Assert.DoesNotContain(differences, d => d.Subject.Contains("initializer", StringComparison.Ordinal));
    }
}
