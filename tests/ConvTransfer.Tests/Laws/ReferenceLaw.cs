using ConvTransfer.Core;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>Law L1: the planned run equals the node-by-node reference.</summary>
public sealed class ReferenceLaw
{
    public static TheoryData<string> Operators => ProblemCatalog.Names;

    [Theory]
    [MemberData(nameof(Operators))]
    public void ThePlannedRunEqualsTheReference(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        using var trial = new Trial(problem.ToModel(), problem.Feeds());
        using var expected = trial.Reference();
        using var actual = trial.Run(poisoned: true);
        actual.AssertClose(expected, Tolerances.Of(problem), "planned run");
    });

    // Weights, bounds and sizes that are known only when they are given take other paths than constants.
    [Theory]
    [MemberData(nameof(Operators))]
    public void WhatIsConstantMayAlsoBeGiven(string op) => Law.HoldsOnEveryProblem(op, problem =>
    {
        if (!problem.Inputs.Any(x => x is { IsConstant: true })) return;
        var given = problem with { Inputs = Array.ConvertAll(problem.Inputs, x => x is null ? null : x with { IsConstant = false }) };
        using var trial = new Trial(given.ToModel(), given.Feeds());
        using var expected = trial.Reference();
        try
        {
            using var actual = trial.Run(poisoned: true);
            actual.AssertClose(expected, Tolerances.Of(problem), "run with every input given");
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.Unsupported && e.Node == problem.Node.DisplayName)
        {
            // Only where the value is known can it be told whether the node is among those that are supported.
        }
    });
}
