using System.Diagnostics;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Operators;

/// <summary>A length of 0 makes every other length free: a file of a few bytes may name 2^40 rows of nothing. What has no element is not walked through.</summary>
public sealed class EmptyTensorTests
{
    private const long Long = 1L << 40, ShortRun = 1L << 30;

    /// <summary>Operators with what they are given. Each took hours, or gigabytes, over rows, images, windows or products without elements.</summary>
    public static TheoryData<string> Names => [.. Problems().Select(p => p.Name)];

    private static IEnumerable<OperatorProblem> Problems()
    {
        yield return Of("LayerNormalization", 17, [Empty(Long, 0), Empty(0)]);
        yield return Of("InstanceNormalization", 6, [Empty(Long, 1, 0), Ones(1), Ones(1)]);
        yield return Of("GroupNormalization", 21, [Empty(Long, 2, 0), Ones(2), Ones(2)], ProblemData.Attribute("num_groups", 2));
        yield return Of("BatchNormalization", 15, [Empty(Long, 1, 0), Ones(1), Ones(1), Ones(1), Ones(1)]);
        yield return Training(ones: Ones(1));
        // Other types of scale and statistics take the way element by element.
        yield return Training(ones: ProblemData.Of<double>([1], 1)) with { Name = "BatchNormalization in training, mixed types" };
        yield return Of("LRN", 13, [Empty(Long, 0, 2, 2)], ProblemData.Attribute("size", 3));
        yield return Of("Softmax", 13, [Empty(Long, 0)]);
        yield return Of("Softmax", 13, [Empty(0, Long)]) with { Name = "Softmax over a long axis" };
        yield return Of("Gather", 13, [Empty(Long, 3, 0), ProblemData.Ints(0, -1)], ProblemData.Attribute("axis", 1));
        yield return Of("Gather", 13, [Empty(Long, 3, 0), ProblemData.Ints()], ProblemData.Attribute("axis", 1)) with { Name = "Gather nothing" };
        yield return Of("MatMul", 13, [Empty(ShortRun, 0, 5), Empty(5, 3)]);
        yield return Of("Pad", 19, [Empty(0, 2), ProblemData.Ints(0, ShortRun, 0, ShortRun)], ProblemData.Attribute("mode", "wrap"));
        yield return Of("TopK", 13, [Empty(0, ShortRun), ProblemData.Ints(3)]);
        yield return Of("MaxPool", 13, [Empty(0, 1, ShortRun, 1)], ProblemData.List("kernel_shape", 1, 1));
        yield return Of("AveragePool", 13, [Empty(0, 1, ShortRun, 1)], ProblemData.List("kernel_shape", 1, 1));
        yield return Of("Conv", 13, [Empty(0, 1, ShortRun / 2, 1), Ones(1, 1, 1, 1)]);
        yield return Of("ConvTranspose", 13, [Empty(0, 1, ShortRun / 2, 1), Ones(1, 1, 1, 1)]);
        yield return Of("ReduceSum", 13, [Empty(Long, 0, 0), ProblemData.Ints(1)]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WhatHasNoElementTakesNoTimeAndNoMemory(string name)
    {
        var problem = Problems().Single(p => p.Name == name);
        var feeds = problem.Feeds();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        using var planner = new Planner(problem.ToModel());
        using var session = planner.CreateSession(1);
        var planned = session.Run([.. planner.Inputs.Select(i => feeds[i.Name])]);
        var reference = ReferenceExecutor.Run(problem.ToModel(), feeds);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        foreach (var (actual, expected) in planned.Zip(reference)) Assert.Equal(expected.Shape, actual.Shape);
        foreach (var tensor in planned.Concat(reference).Concat(feeds.Values)) tensor.Dispose();
    }

    // A wrong index is wrong, however little there is to copy.
    [Theory]
    [InlineData(2, 3, 0)]
    [InlineData(0, 3, 2)]
    public void AWrongIndexIntoNothingIsRefused(long outer, long length, long block)
    {
        var problem = Of("Gather", 13, [Empty(outer, length, block), ProblemData.Of<long>([1], 7)], ProblemData.Attribute("axis", 1));
        var feeds = problem.Feeds();
        using var planner = new Planner(problem.ToModel());
        using var session = planner.CreateSession(1);
        Assert.Equal(FailureCause.DataInvalid, Assert.Throws<ConvTransferException>(() => session.Run([.. planner.Inputs.Select(i => feeds[i.Name])])).Cause);
        foreach (var tensor in feeds.Values) tensor.Dispose();
    }

    // With no channel every number of groups divides: 2^50 of them were counted, 2^38 walked through.
    [Theory]
    [InlineData(0, 1L << 50)]
    [InlineData(0, 1L << 38)]
    [InlineData(0, 1)]
    [InlineData(4, 8)]
    public void MoreGroupsThanChannelsAreRefused(long channels, long groups)
    {
        var problem = Of("GroupNormalization", 21, [Empty(1, channels, 0), Empty(channels), Empty(channels)], ProblemData.Attribute("num_groups", groups));
        using var planner = new Planner(problem.ToModel());
        Assert.Equal(FailureCause.ModelInvalid, Assert.Throws<ConvTransferException>(() => planner.OutputTypes(new Shape(1, channels, 0), new Shape(channels), new Shape(channels))).Cause);
    }

    private static OperatorProblem Training(ProblemInput ones) =>
        OperatorProblem.Of("BatchNormalization in training", "BatchNormalization", 15, [Empty(Long, 1, 0), ones, ones, ones, ones], [ProblemData.Attribute("training_mode", 1L)], outputs: 3);

    private static OperatorProblem Of(string op, long opset, ProblemInput?[] inputs, params NodeAttribute[] attributes) => OperatorProblem.Of(op, op, opset, inputs, attributes, op == "TopK" ? 2 : 1);

    private static ProblemInput Empty(params long[] dims) => ProblemData.Of<float>(dims, new float[dims.Contains(0) ? 0 : dims.Aggregate(1L, (a, b) => a * b)]);

    private static ProblemInput Ones(params long[] dims) => ProblemData.Of(dims, [.. Enumerable.Repeat(1f, (int)dims.Aggregate(1L, (a, b) => a * b))]);
}
