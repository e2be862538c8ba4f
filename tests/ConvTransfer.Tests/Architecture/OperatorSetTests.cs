using ConvTransfer.Operators;
using ConvTransfer.Tests.Operators;

namespace ConvTransfer.Tests.Architecture;

/// <summary>The table of contents of the operators is whole, and each operator is put on trial.</summary>
public sealed class OperatorSetTests
{
    [Fact]
    public void EveryOperatorIsInItsList()
    {
        var written = typeof(Operator).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Operator)) && !t.IsAbstract);
        var listed = OperatorSet.Training.All.Select(o => o.GetType()).ToHashSet();
        Assert.Empty(written.Where(t => !listed.Contains(t)).Select(t => t.FullName));
    }

    [Fact]
    public void NoTwoOperatorsShareANameOrAVersion()
    {
        Assert.Empty(OperatorSet.Standard.All.GroupBy(o => o.ToString()).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.Empty(OperatorSet.Standard.All.Where(o => !o.Schema.Since.SequenceEqual(o.Schema.Since.Distinct().Order())).Select(o => o.ToString()));
        Assert.Empty(OperatorSet.Standard.All.Where(o => o.Schema.RemovedIn <= o.Schema.Since[^1] || o.Schema.Breaking.Except(o.Schema.Since).Any()).Select(o => o.ToString()));
    }

    [Fact]
    public void EveryOperatorHasProblemsInEveryVersion()
    {
        var tried = ProblemCatalog.All.SelectMany(p => p.Problems.Select(x => (p.Operator, Version: p.Operator.Schema.VersionIn(x.Opset)))).ToHashSet();
        Assert.Empty(OperatorSet.Standard.All.Where(o => !tried.Any(t => t.Operator == o)).Select(o => $"{o} has no problems"));
        // A version that only adds types needs no problem of its own; one that breaks does.
        Assert.Empty(OperatorSet.Standard.All.SelectMany(o => o.Schema.Breaking.Append(o.Schema.Since[0]).Where(v => !tried.Any(t => t.Operator == o && t.Version >= v && !o.Schema.Breaking.Any(b => b > v && b <= t.Version))).Select(v => $"{o} has no problem from version {v} on")).Distinct());
    }

    [Fact]
    public void ProblemNamesAreUnique() => Assert.Empty(ProblemCatalog.All.SelectMany(p => p.Problems.GroupBy(x => x.ToString()).Where(g => g.Count() > 1).Select(g => g.Key)));

    // What was supported once must stay so: the ONNX cases hold every operator of this list to it.
    [Fact]
    public void TheListForTheOnnxCasesOnlyGrows()
    {
        const string List = "tests/ConvTransfer.Conformance/NodeCases/operators.txt";
        var before = File.ReadAllLines(Repository.PathOf(List.Split('/'))).Where(l => l.Length > 0);
        Repository.CheckText(List, string.Concat(before.Union(OperatorSet.Standard.All.Select(o => o.ToString())).Order(StringComparer.Ordinal).Select(o => o + "\n")));
    }

    [Fact]
    public void TheListOfOperatorsIsUpToDate() => Repository.CheckText("src/docs/operators.md", OperatorDocument.Write(OperatorSet.Standard));
}
