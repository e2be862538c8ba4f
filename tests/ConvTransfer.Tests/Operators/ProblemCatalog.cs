using ConvTransfer.Operators;

namespace ConvTransfer.Tests.Operators;

/// <summary>An operator with the problems on which it is tried.</summary>
internal sealed record TriedOperator(Operator Operator, IReadOnlyList<OperatorProblem> Problems);

/// <summary>All problems, found by their classes.</summary>
internal static class ProblemCatalog
{
    /// <summary>The operators that have problems, in the order of the operator set.</summary>
    public static IReadOnlyList<TriedOperator> All { get; } = Find();

    /// <summary>The operators' names for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(t => t.Operator.ToString())];

    /// <summary>The problems of an operator.</summary>
    public static IReadOnlyList<OperatorProblem> Of(string op) => All.Single(t => t.Operator.ToString() == op).Problems;

    private static TriedOperator[] Find()
    {
        var byOperator = typeof(ProblemCatalog).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(OperatorProblems)) && !t.IsAbstract)
            .Select(t => (OperatorProblems)Activator.CreateInstance(t, nonPublic: true)!)
            .ToLookup(p => OperatorSet.Standard.Find(p.Domain, p.OpType) ?? throw new InvalidOperationException($"{p.GetType()} is about {p.OpType}, which no operator is"));
        return [.. OperatorSet.Standard.All.Where(byOperator.Contains).Select(o => new TriedOperator(o, [.. byOperator[o].SelectMany(p => p.All())]))];
    }
}
