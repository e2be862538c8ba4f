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
        var model = new Model(new Graph
        {
            Nodes = [new Node("Gelu", ["x"], ["y"]) { Attributes = [ProblemData.Attribute("approximate", approximate)] }, new Node("ReduceSum", ["y"], ["loss"])],
            Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [1]))],
            Outputs = [new ValueInfo("loss", null)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 20)] };
        var graph = Differentiation.Of(model, "loss", ["x"]);
        using var planner = new Planner(graph.Model, [graph.Gradients["x"]!], null, OperatorSet.Training);
        using var session = planner.CreateSession(1);
        using var given = ProblemData.Of([1], x).Data.ToTensor();
        using var gradient = session.Run(given)[0];
        Assert.Equal(expected, gradient.AsSpan<float>()[0]);
    }
}
