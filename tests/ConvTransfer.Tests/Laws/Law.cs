using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Laws;

/// <summary>Tries a law on every problem of an operator, and names each problem on which it does not hold.</summary>
internal static class Law
{
    /// <summary>Fails with the list of the problems on which <paramref name="law"/> throws.</summary>
    public static void HoldsOnEveryProblem(string op, Action<OperatorProblem> law)
    {
        var broken = new List<string>();
        foreach (var problem in ProblemCatalog.Of(op))
        {
            try
            {
                law(problem);
            }
            catch (Exception e)
            {
                broken.Add($"{problem}: {(e is Xunit.Sdk.XunitException ? e.Message : e)}");
            }
        }
        Assert.True(broken.Count == 0, string.Join("\n", broken));
    }
}
