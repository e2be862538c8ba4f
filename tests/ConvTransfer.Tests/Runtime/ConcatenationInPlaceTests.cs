using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Runtime;

/// <summary>Values that are put together are made in the place of the result, where that is one piece for each: nothing is copied, and nobody sees the difference.</summary>
public sealed class ConcatenationInPlaceTests
{
    // a is put together twice and read once more: it lies inside the first result, which lies inside the second; its second appearance is a copy.
    private static Model Nested(long batch) => new(new Graph
    {
        Nodes =
        [
            new Node("Relu", ["x"], ["a"]),
            new Node("Neg", ["x"], ["b"]),
            Concat(["a", "b"], "c"),
            new Node("Neg", ["c"], ["d"]),
            Concat(["c", "a", "d", "x", "d"], "y"),
            new Node("Add", ["a", "b"], ["z"]),
        ],
        Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [batch, 3, 5]))],
        Outputs = [new ValueInfo("y", null), new ValueInfo("z", null), new ValueInfo("c", null)],
    })
    { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] };

    private static Node Concat(ValueList<string> inputs, string output) => new("Concat", inputs, [output]) { Attributes = [new NodeAttribute("axis", new AttributeValue.Int(1))] };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TheResultsAreThoseOfTheReference(long batch)
    {
        var model = Nested(batch);
        using var x = Tensor.From<float>(new Shape(batch, 3, 5), [.. Enumerable.Range(0, (int)batch * 15).Select(i => (float)(i - 7))]);
        var expected = ReferenceExecutor.Run(model, new Dictionary<string, Tensor> { ["x"] = x });
        using var planner = new Planner(model);
        using var session = planner.CreateSession(threads: 2);
        session.PoisonArena = true;
        for (int run = 0; run < 2; run++)
        {
            var actual = session.Run(x);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i].AsSpan<float>().ToArray(), actual[i].AsSpan<float>().ToArray());
            foreach (var tensor in actual) tensor.Dispose();
        }
        foreach (var tensor in expected) tensor.Dispose();
    }
}
