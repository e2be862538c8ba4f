using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Derivatives where the numbers of a network leave the usual: a single NaN among the gradients ends a training.</summary>
public sealed class ExtremeGradientTests
{
    // Beyond 1.8e19 the square of x is infinite in float32, and infinity times the derivative of tanh, 0, was NaN; at infinity itself so was that of the exact form.
    [Theory]
    [InlineData("tanh", 1.9e19f, 1)]
    [InlineData("tanh", 3e38f, 1)]
    [InlineData("tanh", -3e38f, 0)]
    [InlineData("tanh", float.PositiveInfinity, 1)]
    [InlineData("tanh", float.NegativeInfinity, 0)]
    [InlineData("tanh", 30, 1)]
    [InlineData("tanh", -30, 0)]
    [InlineData("none", 3e38f, 1)]
    [InlineData("none", -3e38f, 0)]
    [InlineData("none", float.PositiveInfinity, 1)]
    [InlineData("none", float.NegativeInfinity, 0)]
    [InlineData("none", 30, 1)]
    public void FarFromZeroGeluIsALine(string approximate, float x, float expected)
    {
        var gelu = new Node("Gelu", ["x"], ["y"]) { Attributes = [ProblemData.Attribute("approximate", approximate)] };
        Assert.Equal([expected], Gradient([gelu], [1], [x]));
    }

    // The norm of a row of zeros has no derivative, and zero by zero was NaN; where the norm was tiny, the gradient by it was infinite.
    [Fact]
    public void ANormOfZeroHasAGradientOfZero()
    {
        var norm = new Node("ReduceL2", ["x", "axes"], ["y"]);
        float[] gradient = Gradient([norm], [3, 2], [0, 0, 3, 4, 1e-40f, 0]);
        Assert.Equal([0, 0, 0.6f, 0.8f, 1, 0], gradient);
        // As PyTorch exports a normalized row.
        Node[] normalized = [norm, new("Clip", ["y", "least"], ["kept"]), new("Div", ["x", "kept"], ["unit"])];
        Assert.All(Gradient([.. normalized.SkipLast(1), normalized[^1] with { Outputs = ["last"] }], [3, 2], [0, 0, 3, 4, 2, 0], "last"), g => Assert.True(float.IsFinite(g)));
    }

    // Neither 0.1 nor 0.7 is a float: rounded outward, a result at the bound had a gradient.
    [Theory]
    [InlineData("", "tenth", 0.5f, 0)]
    [InlineData("", "tenth", 0.05f, 1)]
    [InlineData("seven", "", 0.5f, 0)]
    [InlineData("seven", "", 0.9f, 1)]
    public void BoundsInDoubleAreExact(string least, string most, float x, float expected)
    {
        NodeAttribute To(ElementType type) => ProblemData.Attribute("to", (long)type);
        Node[] nodes = [new("Cast", ["x"], ["wide"]) { Attributes = [To(ElementType.Float64)] }, new("Clip", ["wide", least, most], ["clipped"]), new("Cast", ["clipped"], ["y"]) { Attributes = [To(ElementType.Float32)] }];
        Assert.Equal([expected], Gradient(nodes, [1], [x]));
    }

    // One matrix for many: the gradient by it once was a product for each of them, of more numbers than the whole batch has.
    [Fact]
    public void TheGradientOfOneMatrixForManyIsOneProduct()
    {
        var model = new Model(new Graph
        {
            Nodes = [new Node("MatMul", ["x", "w"], ["y"]), new Node("ReduceSum", ["y"], ["loss"])],
            Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [4, 5, 6, 8])), new ValueInfo("w", new TensorType(ElementType.Float32, [8, 160]))],
            Outputs = [new ValueInfo("loss", null)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 20)] };
        var graph = Differentiation.Of(model, "loss", ["x", "w"]);
        var whole = graph.Model with { Graph = graph.Model.Graph with { Outputs = [.. graph.Gradients.Values.Select(v => new ValueInfo(v!, null))] } };
        var problems = new ProblemList();
        using var constants = new ConstantTable();
        var types = new TypeInference(OperatorSet.Training, graph.Model.Opset, constants, problems);
        foreach (var data in whole.Graph.Initializers) constants.Add(data.Name, data);
        foreach (var input in whole.Graph.Inputs) types.Declare(input.Name, (TensorType)input.Type!);
        types.Run(NodeOrder.Needed(whole.Graph, whole.Graph.Outputs.Select(o => o.Name).Append("loss"), problems));
        // y has 19200, and a product for each of the 20 would have 25600.
        Assert.All(graph.Model.Graph.Nodes.SelectMany(n => n.Outputs), v => Assert.True(types.TypeOf(v)!.ToShape().ElementCount <= 4 * 5 * 6 * 160, v));
        Assert.Equal(new Shape(8, 160), types.TypeOf(graph.Gradients["w"]!)!.ToShape());
    }

    // The gradient of the sum of a value with respect to x.
    private static float[] Gradient(Node[] nodes, long[] dims, float[] x, string last = "y")
    {
        var model = new Model(new Graph
        {
            Nodes = [.. nodes, new Node("ReduceSum", [last], ["loss"])],
            Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [.. dims.Select(d => (Dim)d)]))],
            Initializers = [TensorData.From<long>("axes", [1], [-1]), TensorData.From<float>("least", [], [1e-12f]), TensorData.From<double>("tenth", [], [0.1]), TensorData.From<double>("seven", [], [0.7])],
            Outputs = [new ValueInfo("loss", null)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 20)] };
        var graph = Differentiation.Of(model, "loss", ["x"]);
        using var planner = new Planner(graph.Model, [graph.Gradients["x"]!], null, OperatorSet.Training);
        using var session = planner.CreateSession(1);
        using var given = TensorData.From<float>("x", dims, x).ToTensor();
        using var gradient = session.Run(given)[0];
        return gradient.AsSpan<float>().ToArray();
    }
}
