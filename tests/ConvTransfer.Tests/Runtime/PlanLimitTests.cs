using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Operators;
using ConvTransfer.Tests.Training;

namespace ConvTransfer.Tests.Runtime;

/// <summary>What a small file can ask for: refused while planning, with the limit as the cause, or run without the memory.</summary>
public sealed class PlanLimitTests
{
    private static readonly Limits Small = Limits.Default with { MemoryBytes = 10 << 20 };

    // The plan counted the values between the nodes, not the working memory of a step: a window spread over 5000 elements had 100 MB of padded copy from
    // the run under a limit of 10 MB, one over 60000 an OverflowException.
    [Theory]
    [InlineData("Conv", 5000)]
    [InlineData("Conv", 60000)]
    [InlineData("ConvTranspose", 5000)]
    [InlineData("ConvTranspose", 60000)]
    public void TheWorkingMemoryOfAStepCounts(string op, long dilation)
    {
        long before = op == "Conv" ? (dilation - 1) / 2 : dilation / 2, behind = op == "Conv" ? dilation - 1 - before : dilation + 1 - before;
        var problem = OperatorProblem.Of("wide windows", op, 13, [ProblemData.Normal(1, 1, 1, 2, 2), ProblemData.Normal(2, 1, 1, 2, 2).AsConstant()],
            [ProblemData.List("dilations", dilation, dilation), ProblemData.List("pads", before, before, behind, behind)]);
        using var planner = new Planner(problem.ToModel(), null, Small);
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => planner.OutputTypes(new Shape(1, 1, 2, 2))).Cause);
        using var session = planner.CreateSession(1);
        using var x = new Tensor(ElementType.Float32, new Shape(1, 1, 2, 2));
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => session.Run(x)).Cause);
    }

    // Each thread has a heap of its own for a row: the plan holds for one thread, not for a thousand.
    [Fact]
    public void TheWorkingMemoryOfEveryThreadCounts()
    {
        var problem = OperatorProblem.Of("long rows", "TopK", 13, [ProblemData.Normal(1, 100_000), ProblemData.Ints(1)], outputs: 2);
        using var planner = new Planner(problem.ToModel(), null, Small);
        using var x = ProblemData.Normal(1, 100_000).Data.ToTensor();
        using (var one = planner.CreateSession(1))
            foreach (var result in one.Run(x)) result.Dispose();
        using var many = planner.CreateSession(64);
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => many.Run(x)).Cause);
    }

    // The addresses of the inputs lay on the stack while folding: one initializer named a million times over ended the process.
    [Fact]
    public void ANodeMayNameAnyNumberOfInputs()
    {
        const int Inputs = 100_000;
        var model = new Model(new Graph
        {
            Nodes = [new Node("Concat", Enumerable.Repeat("x", Inputs).ToValueList(), ["y"]) { Attributes = [ProblemData.Attribute("axis", 0)] }],
            Initializers = [TensorData.From<float>("x", [1], [1])],
            Outputs = [new ValueInfo("y", null)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 13)] };
        OnASmallStack(() =>
        {
            using var planner = new Planner(model);
            using var session = planner.CreateSession(1);
            using var y = session.Run([])[0];
            Assert.Equal(Inputs, y.ElementCount);
        });
    }

    // A chain of additions behind a convolution became its stages, whose operands' addresses lay on the stack of every run.
    [Fact]
    public void AnyNumberOfAdditionsMayFollowAConvolution()
    {
        const int Additions = 20_000;
        var nodes = new List<Node> { new("Conv", ["x", "w"], ["v0"]) };
        for (int i = 0; i < Additions; i++) nodes.Add(new Node("Add", [$"v{i}", "x"], [$"v{i + 1}"]));
        var model = new Model(new Graph
        {
            Nodes = [.. nodes],
            Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [1, 1, 2, 2]))],
            Initializers = [TensorData.From<float>("w", [1, 1, 1, 1], [0])],
            Outputs = [new ValueInfo($"v{Additions}", null)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 13)] };
        using var x = ProblemData.Of<float>([1, 1, 2, 2], 1, 2, 3, 4).Data.ToTensor();
        OnASmallStack(() =>
        {
            using var planner = new Planner(model);
            using var session = planner.CreateSession(1);
            using var y = session.Run(x)[0];
            Assert.Equal([Additions, 2f * Additions, 3f * Additions, 4f * Additions], y.AsSpan<float>().ToArray());
        });
    }

    // The reader bounds the axes of a file's tensors, but a shape is data: a Reshape may name as many as it likes, and counters for each axis lay on the stack.
    [Theory]
    [InlineData("Reshape")]
    [InlineData("Unsqueeze")]
    [InlineData("ConstantOfShape")]
    [InlineData("Expand")]
    public void AResultHasNoMoreAxesThanTheLimit(string op)
    {
        long[] ones = [.. Enumerable.Repeat(1L, 9)], axes = [.. Enumerable.Range(0, 8).Select(a => (long)a)];
        ProblemInput?[] inputs = op switch { "ConstantOfShape" => [ProblemData.Ints(ones)], "Unsqueeze" => [ProblemData.Normal(1, 1), ProblemData.Ints(axes)], _ => [ProblemData.Normal(1, 1), ProblemData.Ints(ones)] };
        var problem = OperatorProblem.Of("nine axes", op, 13, inputs);
        using var planner = new Planner(problem.ToModel());
        Shape[] shapes = op == "ConstantOfShape" ? [] : [new Shape(1)];
        var refused = Assert.Throws<ConvTransferException>(() => planner.OutputTypes(shapes));
        Assert.Equal(FailureCause.Limit, refused.Cause);
        Assert.Contains("9 axes", refused.Message, StringComparison.Ordinal);
    }

    // Every phase of the strides had a plan of its own: a million for strides of a thousand, 320 MB of managed memory.
    [Fact]
    public void TheGradientOfAConvolutionWithLongStridesIsPlannedInLittleMemory()
    {
        var problem = OperatorProblem.Of("long strides", "Conv", 18, [ProblemData.Normal(1, 1, 1, 8, 8), ProblemData.Normal(2, 1, 1, 1, 1)], [ProblemData.List("strides", 1000, 1000)]);
        using var trial = new GradientTrial(problem, ConvTransfer.Operators.OperatorSet.Standard.Find("", "Conv")!, isRoot: true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        trial.Planned(threads: 1);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 << 20);
    }

    // The message of a wrong index was put together for every index, right or wrong: 300 bytes for each.
    [Theory]
    [InlineData("Gather")]
    [InlineData("GatherElements")]
    [InlineData("GatherND")]
    [InlineData("NegativeLogLikelihoodLoss")]
    public void RightIndicesCostNoMessages(string op)
    {
        const int Count = 300_000;
        var indices = ProblemData.Of<long>(op == "GatherND" ? [Count, 1] : [Count], new long[Count]).AsConstant();
        var x = op == "NegativeLogLikelihoodLoss" ? ProblemData.Of([Count, 1], new float[Count]) : ProblemData.Of([Count], new float[Count]);
        var problem = OperatorProblem.Of("many indices", op, 13, [x, indices]);
        using var planner = new Planner(problem.ToModel());
        long before = GC.GetAllocatedBytesForCurrentThread();
        planner.OutputTypes(new Shape([.. x.Data.Type.Dims!.Value.Select(d => d.Value)]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 60 * Count);
    }

    private static void OnASmallStack(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action), 256 << 10);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
