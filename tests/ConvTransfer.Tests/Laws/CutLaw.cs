using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Laws;

/// <summary>Law L8: a network that is cut at a value gives the bits of the whole network with that value asked for.</summary>
public sealed class CutLaw
{
    public static TheoryData<string> Sums => Chains.Names;

    [Theory]
    [MemberData(nameof(Sums))]
    public void ACutGivesTheBitsOfTheWhole(string sum)
    {
        foreach (var chain in Chains.Of(sum))
        {
            foreach (string value in chain.Values)
            {
                using var asked = chain.Trial(value, chain.Result);
                using var expected = asked.Run();
                using var cut = (chain with { Model = chain.Model with { Graph = chain.Model.Graph.CutAt(value) } }).Trial();
                using var actual = cut.Run();
                Assert.True(Results.Difference(actual.Tensors[0], expected.Tensors[0], Tolerance.Exact) is null, $"{chain.Name} cut at {value}");
            }
        }
    }
}
