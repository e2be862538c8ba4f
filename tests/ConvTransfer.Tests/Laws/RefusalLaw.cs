using ConvTransfer.Core;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>Law L7: a node with a wrong rank, type, attribute or length is refused by name, or it runs and gives what the reference gives; nothing else happens.</summary>
public sealed class RefusalLaw
{
    private static readonly Limits Small = Limits.Default with { MemoryBytes = 32 << 20 };

    public static TheoryData<string> Operators => ProblemCatalog.Names;

    [Theory]
    [MemberData(nameof(Operators))]
    public void AWrongNodeIsRefusedByNameOrRuns(string op)
    {
        var schema = ProblemCatalog.All.Single(t => t.Operator.ToString() == op).Operator.Schema;
        Law.HoldsOnEveryProblem(op, problem =>
        {
            var broken = new List<string>();
            foreach (var mutant in Mutants.Of(problem, schema))
                if (Try(mutant) is { } complaint) broken.Add($"{mutant.Name}: {complaint}");
            Assert.True(broken.Count == 0, string.Join("\n    ", broken.Take(10).Append($"({broken.Count} mutants)")));
        });
    }

    private static string? Try(OperatorProblem mutant)
    {
        Results? planned = null, reference = null;
        Trial? trial = null;
        var feeds = mutant.Feeds();
        try
        {
            string? complaint = Refused(mutant, "plan", () =>
            {
                trial = new Trial(mutant.ToModel(), feeds, limits: Small);
                planned = trial.Run(poisoned: true);
            });
            complaint ??= Refused(mutant, "reference", () => reference = new Results(mutant.ToModel().Graph.Outputs.Select(o => o.Name).ToArray(), ReferenceExecutor.Run(mutant.ToModel(), feeds, limits: Small)));
            if (complaint is not null || planned is null) return complaint;
            if (reference is null) return "the plan runs, the reference refuses";
            // Where sums are taken in another order or form, infinite and overflowing terms cancel in another way.
            var tolerance = Tolerances.Of(mutant);
            if (tolerance.Relative < 1 || !Mutants.IsExtreme(mutant)) planned.AssertClose(reference, tolerance, "planned run");
            return null;
        }
        catch (Xunit.Sdk.XunitException e)
        {
            return e.Message;
        }
        finally
        {
            planned?.Dispose();
            reference?.Dispose();
            trial?.Dispose();
            foreach (var tensor in feeds.Values) tensor.Dispose();
        }
    }

    // Null when it ran or was refused as it should be.
    private static string? Refused(OperatorProblem mutant, string way, Action run)
    {
        try
        {
            run();
            return null;
        }
        catch (ConvTransferException e)
        {
            // The memory for all values together is no single node's fault.
            if (e.Cause == FailureCause.Limit || e.Node == mutant.Node.DisplayName) return null;
            return $"{way}: refused without the node's name ({e.Cause}): {e.Message}";
        }
        catch (Exception e)
        {
            string at = string.Join(" < ", (e.StackTrace ?? "").Split('\n').Take(3).Select(l => l.Trim()));
            return $"{way}: {e.GetType().Name}: {e.Message} {at}";
        }
    }
}
