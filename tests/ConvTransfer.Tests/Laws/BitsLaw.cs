using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>Law L2: a result's bits depend neither on the number of threads, nor on the rest of the batch, nor on what ran before.</summary>
public sealed class BitsLaw
{
    public static TheoryData<string> Operators => ProblemCatalog.Names;

    [Theory]
    [MemberData(nameof(Operators))]
    public void BitsDoNotDependOnThreads(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        using var trial = new Trial(problem.ToModel(), problem.Feeds());
        using var expected = trial.Run();
        foreach (int threads in new[] { 2, 3 })
        {
            using var actual = trial.Run(threads);
            actual.AssertSameBits(expected, $"{threads} threads");
        }
    });

    [Theory]
    [MemberData(nameof(Operators))]
    public void BitsDoNotDependOnWhatRanBefore(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        using var trial = new Trial(problem.ToModel(), problem.Feeds());
        using var expected = trial.Run();
        using var poisoned = trial.Run(poisoned: true);
        poisoned.AssertSameBits(expected, "memory filled with NaN");
        using var session = trial.Session();
        for (int run = 0; run < 2; run++)
        {
            using var actual = new Results(trial.OutputNames, session.Run(trial.Inputs));
            actual.AssertSameBits(expected, $"run {run} of a session");
        }
    });

    [Theory]
    [MemberData(nameof(Operators))]
    public void BitsDoNotDependOnTheRestOfTheBatch(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        if (problem.BatchInput is not int batched) return;
        using var trial = new Trial(problem.ToModel(), problem.Feeds());
        using var whole = trial.Run();
        var input = problem.Inputs[batched]!;
        long count = input.Data.Dims[0];
        if (count == 0) return;
        Assert.Equal(count, whole.Tensors[0].Shape[0]);
        int bytes = whole.Tensors[0].AsBytes().Length / (int)count;
        for (int row = 0; row < count; row++)
        {
            var single = problem with { Inputs = [.. problem.Inputs.Select((x, i) => i == batched ? input with { Data = Row(input.Data, row) } : x)] };
            using var alone = new Trial(single.ToModel(), single.Feeds());
            using var result = alone.Run();
            using var part = Tensor.Uninitialized(whole.Tensors[0].ElementType, whole.Tensors[0].Shape.With(0, 1));
            whole.Tensors[0].AsBytes().Slice(row * bytes, bytes).CopyTo(part.AsBytes());
            Assert.True(Results.Difference(part, result.Tensors[0], Tolerance.Exact) is not { } difference, $"row {row} of the batch against the row alone: {Results.Difference(part, result.Tensors[0], Tolerance.Exact)}");
        }
    });

    private static TensorData Row(TensorData data, int row)
    {
        int bytes = data.Bytes.Length / (int)data.Dims[0];
        return data with { Dims = [1, .. data.Dims.Skip(1)], Bytes = data.Bytes.Slice(row * bytes, bytes) };
    }
}
