using ConvTransfer.Core;
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

    // Whatever the picture's size, the network behind the crop gets 8x8 pixels; beside it stands an output of the picture's own size.
    private static Model Cropped()
    {
        var random = new CounterRandom(2);
        float[] weights = [.. Enumerable.Range(0, 4 * 3 * 9).Select(_ => (float)random.NextNormal())];
        return new(new Graph
        {
            Name = "cropped",
            Nodes =
            [
                new Node("Shape", ["x"], ["shape"]),
                new Node("Slice", ["shape", "two", "four"], ["sizes"]),
                new Node("Identity", ["x"], ["whole"]),
                new Node("Slice", ["whole", "zeros", "eights", "axes"], ["crop"]),
                new Node("Conv", ["crop", "w"], ["y"]),
                new Node("GlobalAveragePool", ["y"], ["pooled"]),
            ],
            Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [Dim.Of("N"), 3, Dim.Of("H"), Dim.Of("W")]))],
            Outputs = [new ValueInfo("pooled", null), new ValueInfo("whole", null), new ValueInfo("sizes", null)],
            Initializers =
            [
                TensorData.From<long>("two", [1], [2]), TensorData.From<long>("four", [1], [4]), TensorData.From<long>("zeros", [2], [0, 0]),
                TensorData.From<long>("eights", [2], [8, 8]), TensorData.From<long>("axes", [2], [2, 3]), TensorData.From<float>("w", [4, 3, 3, 3], weights),
            ],
        })
        { OpsetImports = [new OpsetImport("", 18)] };
    }

    private static Tensor Picture(int n, int h, int w)
    {
        var random = new CounterRandom((n * 1000) + (h * 31) + w);
        return Tensor.From<float>(new Shape(n, 3, h, w), [.. Enumerable.Range(0, n * 3 * h * w).Select(_ => (float)random.NextNormal())]);
    }

    [Fact]
    public void TheNetworkBehindACropIsPlannedOnce()
    {
        using var planner = new Planner(Cropped());
        using var first = Picture(1, 9, 12);
        var plans = planner.PlansFor([first]);
        Assert.Equal([["Shape", "Slice", "Identity", "Slice"], ["Conv", "GlobalAveragePool"]], planner.Segments.ToArray().Select(s => s.Nodes.Select(n => n.OpType)));
        for (int h = 8; h < 20; h++)
        {
            using var other = Picture(1, h, 8);
            var now = planner.PlansFor([other]);
            Assert.Same(plans[1], now[1]);
            Assert.NotSame(plans[0], now[0]);
        }
        using var pair = Picture(2, 9, 12);
        Assert.NotSame(plans[1], planner.PlansFor([pair])[1]);
        Assert.Same(plans[0], planner.PlansFor([first])[0]);
    }

    [Fact]
    public void SegmentsGiveTheReferencesResultInEveryOrderOfSizes()
    {
        using var planner = new Planner(Cropped());
        using var session = planner.CreateSession(2);
        session.PoisonArena = true;
        foreach (var (n, h, w) in new[] { (1, 9, 12), (1, 30, 8), (2, 9, 12), (1, 8, 8), (1, 9, 12), (3, 17, 9) })
        {
            using var x = Picture(n, h, w);
            var actual = session.Run(x);
            var expected = ReferenceExecutor.Run(Cropped(), new Dictionary<string, Tensor> { ["x"] = x });
            Assert.Equal(new long[] { h, w }, actual[2].AsSpan<long>().ToArray());
            Assert.Equal(x.AsSpan<float>().ToArray(), actual[1].AsSpan<float>().ToArray());
            Assert.Equal(expected[0].Shape, actual[0].Shape);
            for (int i = 0; i < actual[0].ElementCount; i++) Assert.Equal(expected[0].AsSpan<float>()[i], actual[0].AsSpan<float>()[i], 1e-5);
            foreach (var tensor in actual.Concat(expected)) tensor.Dispose();
        }
    }

    [Fact]
    public void KnownSizesInTurnAllocateNothing()
    {
        using var planner = new Planner(Cropped());
        using var session = planner.CreateSession(1);
        Tensor[] pictures = [Picture(1, 9, 12), Picture(1, 20, 10)];
        Tensor[][] outputs = [.. pictures.Select(p => session.Run(p))];
        void RunAll()
        {
            for (int i = 0; i < pictures.Length; i++) session.Run([pictures[i]], outputs[i]);
        }

        RunAll();
        RunAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunAll();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        foreach (var tensor in pictures.Concat(outputs.SelectMany(o => o))) tensor.Dispose();
    }

    [Fact]
    public void AFailedSizeLeavesTheSessionUsable()
    {
        using var planner = new Planner(Cropped());
        using var session = planner.CreateSession(1);
        using Tensor good = Picture(1, 9, 12), small = Picture(1, 2, 12);
        using var expected = session.Run(good)[0];
        Assert.Throws<ConvTransferException>(() => session.Run(small));
        using var actual = session.Run(good)[0];
        Assert.Equal(expected.AsSpan<float>().ToArray(), actual.AsSpan<float>().ToArray());
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
