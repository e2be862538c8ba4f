using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime.Caching;

namespace ConvTransfer.Tests.Runtime;

public sealed class ModelHashTests
{
    private static readonly Model Base = Branching();

    public static TheoryData<string, Func<Model, Model>> Different => new()
    {
        { "an opset", m => m with { OpsetImports = [new OpsetImport("", 14)] } },
        { "another domain's opset", m => m with { OpsetImports = [.. m.OpsetImports, new OpsetImport("ai.onnx.ml", 3)] } },
        { "the type of the input", m => m with { Graph = m.Graph with { Inputs = [m.Graph.Inputs[0] with { Type = new TensorType(ElementType.Float32, [1, 3, 9, 8]) }, m.Graph.Inputs[1]] } } },
        { "the element type of the input", m => m with { Graph = m.Graph with { Inputs = [m.Graph.Inputs[0] with { Type = new TensorType(ElementType.Float16, [1, 3, 8, 8]) }, m.Graph.Inputs[1]] } } },
        { "the type of the output", m => m with { Graph = m.Graph with { Outputs = [m.Graph.Outputs[0] with { Type = new TensorType(ElementType.Float16, [1, 4, 4, 4]) }] } } },
        { "an operator", m => ChangeNode(m, 1, n => n with { OpType = "Sigmoid" }) },
        { "a domain", m => ChangeNode(m, 1, n => n with { Domain = "other" }) },
        { "the input of a node", m => ChangeNode(m, 2, n => n with { Inputs = ["flag", "stem"] }) },
        { "an integer attribute", m => ChangeNode(m, 0, n => n with { Attributes = [.. n.Attributes.Skip(1), new NodeAttribute("group", new AttributeValue.Int(3))] }) },
        { "a list attribute", m => ChangeNode(m, 0, n => n with { Attributes = [SmallNetworks.Ints("pads", 1, 1, 1, 0), .. n.Attributes.Skip(1)] }) },
        { "an attribute left out", m => ChangeNode(m, 0, n => n with { Attributes = [] }) },
        { "the sign of a zero", m => ChangeNode(m, 1, n => n with { Attributes = [new NodeAttribute("alpha", new AttributeValue.Float(-0.0f))] }) },
        { "a text", m => ChangeNode(m, 1, n => n with { Attributes = [.. n.Attributes, new NodeAttribute("mode", new AttributeValue.String("a"))] }) },
        { "another text", m => ChangeNode(m, 1, n => n with { Attributes = [.. n.Attributes, new NodeAttribute("mode", new AttributeValue.String("b"))] }) },
        { "texts", m => ChangeNode(m, 1, n => n with { Attributes = [.. n.Attributes, new NodeAttribute("mode", new AttributeValue.Strings([new AttributeValue.String("a").Utf8]))] }) },
        { "numbers", m => ChangeNode(m, 1, n => n with { Attributes = [.. n.Attributes, new NodeAttribute("mode", new AttributeValue.Floats([1, 2]))] }) },
        { "other numbers", m => ChangeNode(m, 1, n => n with { Attributes = [.. n.Attributes, new NodeAttribute("mode", new AttributeValue.Floats([1, 3]))] }) },
        { "tensors", m => ChangeNode(m, 1, n => n with { Attributes = [.. n.Attributes, new NodeAttribute("mode", new AttributeValue.Tensors([SmallNetworks.Weights("", 2)]))] }) },
        { "the name of an attribute", m => ChangeNode(m, 1, n => n with { Attributes = [new NodeAttribute("beta", n.Attributes[0].Value)] }) },
        { "a weight's shape", m => ChangeWeights(m, 0, t => t with { Dims = [4, 3, 1, 9] }) },
        { "a weight's type", m => ChangeWeights(m, 0, t => t with { ElementType = ElementType.Int32 }) },
        { "a weight of a branch", m => ChangeBranch(m, g => g with { Initializers = [SmallNetworks.Weights("k", 1) with { Bytes = new byte[] { 0, 0, 0, 1 } }] }) },
        { "a node of a branch", m => ChangeBranch(m, g => g with { Nodes = [g.Nodes[0] with { OpType = "Mul" }] }) },
        { "what only a branch reads", m => ChangeWeights(m, 1, t => t with { Bytes = new byte[4] }) },
    };

    public static TheoryData<string, Func<Model, Model>> Same => new()
    {
        { "nothing", m => m with { } },
        { "a node's name", m => ChangeNode(m, 0, n => n with { Name = "first" }) },
        { "documentation", m => ChangeNode(m, 0, n => n with { DocString = "what it does" }) },
        { "metadata", m => m with { Metadata = [new("author", "somebody")], ProducerName = "somebody", File = "elsewhere.onnx" } },
        { "a head", m => m with { Graph = m.Graph with { Nodes = [.. m.Graph.Nodes, new Node("Mul", ["chosen", "scale"], ["scaled"])], Initializers = [.. m.Graph.Initializers, SmallNetworks.Weights("scale", 1)] } } },
        { "ai.onnx written out", m => ChangeNode(m, 0, n => n with { Domain = "ai.onnx" }) },
    };

    [Theory]
    [MemberData(nameof(Different))]
    public void WhatChangesTheResultChangesTheHash(string what, Func<Model, Model> change) => Assert.True(ModelHash.Of(Base) != ModelHash.Of(change(Base)), what);

    [Theory]
    [MemberData(nameof(Same))]
    public void WhatDoesNotChangeTheResultDoesNotChangeTheHash(string what, Func<Model, Model> change) => Assert.True(ModelHash.Of(Base) == ModelHash.Of(change(Base)), what);

    [Fact]
    public void AllChangesHaveHashesOfTheirOwn()
    {
        var hashes = Different.Select(row => ModelHash.Of(((Func<Model, Model>)row[1])(Base))).ToArray();
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Fact]
    public void EveryBitOfEveryWeightCounts()
    {
        var seen = new HashSet<ContentHash> { ModelHash.Of(Base) };
        for (int t = 0; t < Base.Graph.Initializers.Count; t++)
        {
            byte[] bytes = Base.Graph.Initializers[t].Bytes.ToArray();
            for (int i = 0; i < bytes.Length; i++)
            {
                byte[] mutated = [.. bytes];
                mutated[i] ^= (byte)(1 << (i % 8));
                Assert.True(seen.Add(ModelHash.Of(ChangeWeights(Base, t, w => w with { Bytes = mutated }))));
            }
        }
    }

    [Fact]
    public void TheWantedValuesAndTheirOrderCount()
    {
        ContentHash[] hashes = [ModelHash.Of(Base), ModelHash.Of(Base, ["stem"]), ModelHash.Of(Base, ["smooth"]), ModelHash.Of(Base, ["stem", "smooth"]), ModelHash.Of(Base, ["smooth", "stem"])];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        // A weight behind the wanted value does not count.
        Assert.Equal(ModelHash.Of(Base, ["stem"]), ModelHash.Of(ChangeWeights(Base, 1, t => t with { Bytes = new byte[4] }), ["stem"]));
    }

    // A function is hashed as the nodes that it stands for.
    [Fact]
    public void AFunctionsBodyCounts()
    {
        static Model With(string op) => Base with
        {
            Graph = Base.Graph with { Nodes = [.. Base.Graph.Nodes, new Node("Own", ["stem"], ["own"]) { Domain = "local" }] },
            Functions = [new Function("local", "Own", ["x"], ["y"], [new Node(op, ["x"], ["y"])]) { OpsetImports = [new OpsetImport("", 13)] }],
        };
        Assert.NotEqual(ModelHash.Of(With("Relu"), ["own"]), ModelHash.Of(With("Sigmoid"), ["own"]));
        Assert.Equal(ModelHash.Of(With("Relu"), ["own"]), ModelHash.Of(With("Relu"), ["own"]));
    }

    [Fact]
    public void AValueThatNobodyMakesIsRefused() => Assert.Throws<ConvTransferException>(() => ModelHash.Of(Base, ["nowhere"]));

    // image → Conv (stem) → LeakyRelu (smooth) → If flag: stem + k, else: smooth + outer (chosen).
    private static Model Branching()
    {
        static Graph Branch(string name, Node node, TensorData[] own) => new()
        {
            Name = name, Nodes = [node], Initializers = [.. own], Outputs = [new ValueInfo(node.Outputs[0], new TensorType(ElementType.Float32, null))],
        };
        var model = SmallNetworks.Model(
            [
                new Node("Conv", ["image", "w0"], ["stem"]) { Attributes = [SmallNetworks.Ints("pads", 1, 1, 1, 1), SmallNetworks.Ints("strides", 2, 2)] },
                new Node("LeakyRelu", ["stem"], ["smooth"]) { Attributes = [new NodeAttribute("alpha", new AttributeValue.Float(0))] },
                new Node("If", ["flag"], ["chosen"])
                {
                    Attributes =
                    [
                        new NodeAttribute("then_branch", new AttributeValue.Subgraph(Branch("then", new Node("Add", ["stem", "k"], ["a"]), [SmallNetworks.Weights("k", 1)]))),
                        new NodeAttribute("else_branch", new AttributeValue.Subgraph(Branch("else", new Node("Add", ["smooth", "outer"], ["b"]), []))),
                    ],
                },
            ],
            [SmallNetworks.Weights("w0", 4, 3, 3, 3), SmallNetworks.Weights("outer", 1)], "chosen", [1, 4, 4, 4]);
        return model with { Graph = model.Graph with { Inputs = [.. model.Graph.Inputs, new ValueInfo("flag", new TensorType(ElementType.Bool, []))] } };
    }

    private static Model ChangeNode(Model model, int index, Func<Node, Node> change) => model with { Graph = model.Graph with { Nodes = model.Graph.Nodes.Select((n, i) => i == index ? change(n) : n).ToValueList() } };

    private static Model ChangeWeights(Model model, int index, Func<TensorData, TensorData> change) =>
        model with { Graph = model.Graph with { Initializers = model.Graph.Initializers.Select((t, i) => i == index ? change(t) : t).ToValueList() } };

    private static Model ChangeBranch(Model model, Func<Graph, Graph> change) => ChangeNode(model, 2, n =>
        n with { Attributes = [n.Attributes[0] with { Value = new AttributeValue.Subgraph(change(((AttributeValue.Subgraph)n.Attributes[0].Value).Value)) }, n.Attributes[1]] });
}
