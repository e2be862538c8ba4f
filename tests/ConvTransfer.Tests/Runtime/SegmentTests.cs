using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Runtime;

/// <summary>A model is split where shapes stop depending on what varies, and each part is planned for its own inputs.</summary>
public sealed class SegmentTests
{
    private static Model Chain() => new(new Graph
    {
        Name = "chain",
        Nodes = [new Node("Identity", ["x"], ["a"]), new Node("Identity", ["a"], ["y"])],
        Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [Dim.Of("N"), 2]))],
        Outputs = [new ValueInfo("y", null), new ValueInfo("a", null)],
    })
    { OpsetImports = [new OpsetImport("", 18)] };

    [Fact]
    public void WhatVariesToTheEndIsOneSegment()
    {
        using var planner = new Planner(Chain());
        using var session = planner.CreateSession(1);
        foreach (int n in new[] { 1, 3, 1, 2 })
        {
            using var x = Tensor.From<float>(new Shape(n, 2), [.. Enumerable.Range(0, n * 2).Select(i => i + 0.5f)]);
            var y = session.Run(x);
            foreach (var tensor in y)
            {
                Assert.Equal(x.AsSpan<float>().ToArray(), tensor.AsSpan<float>().ToArray());
                tensor.Dispose();
            }
        }
        Assert.Equal(1, planner.Segments.Length);
    }

    [Fact]
    public void ADisposedPlannerSaysSo()
    {
        var planner = new Planner(Chain());
        planner.Dispose();
        using var x = new Tensor(ElementType.Float32, new Shape(1, 2));
        Assert.Throws<ObjectDisposedException>(() => planner.CreateSession(1).Run(x));
    }
}
