using ConvTransfer.Engine.Tensors;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>Allocations are counted for the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Law L6: inputs and constants are never written to, and a run into the caller's tensors allocates nothing.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryLaw
{
    public static TheoryData<string> Operators => ProblemCatalog.Names;

    [Theory]
    [MemberData(nameof(Operators))]
    public void InputsAndConstantsAreNotWrittenTo(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        using var trial = new Trial(problem.ToModel(), problem.Feeds());
        Tensor[] read = [.. trial.Inputs, .. trial.Plans().SelectMany(p => p.Places).Where(p => p.Kind == PlaceKind.Constant).Select(p => p.Constant!)];
        Tensor[] before = Array.ConvertAll(read, t => t.Clone());
        using var result = trial.Run(threads: 2);
        for (int i = 0; i < read.Length; i++)
        {
            Assert.Null(Results.Difference(read[i], before[i], Tolerance.Exact));
            before[i].Dispose();
        }
    });

    [Theory]
    [MemberData(nameof(Operators))]
    public void ARunAllocatesNothing(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        using var trial = new Trial(problem.ToModel(), problem.Feeds());
        foreach (int threads in new[] { 1, 2 })
        {
            using var session = trial.Session(threads);
            using var outputs = new Results(trial.OutputNames, session.Run(trial.Inputs));
            if (outputs.Tensors.Concat(trial.Inputs).Any(t => t.ElementType == ElementType.String)) continue;
            Assert.Equal(0, LeastAllocated(() => session.Run(trial.Inputs, outputs.Tensors), threads));
        }
    });

    // The runtime itself allocates now and then, the code under test in every run: the least of several runs is the code's own.
    private static long LeastAllocated(Action run, int threads)
    {
        run();
        long least = long.MaxValue;
        for (int i = 0; i < 20 && least > 0; i++)
        {
            long before = threads == 1 ? GC.GetAllocatedBytesForCurrentThread() : GC.GetTotalAllocatedBytes(precise: true);
            run();
            long after = threads == 1 ? GC.GetAllocatedBytesForCurrentThread() : GC.GetTotalAllocatedBytes(precise: true);
            least = Math.Min(least, after - before);
        }
        return least;
    }
}
