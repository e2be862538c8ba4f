using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Common;
using Xunit.Abstractions;

namespace ConvTransfer.Conformance.NodeCases;

/// <summary>The ONNX project's own cases, by the plan and node by node: none fails, and what uses only supported operators is not refused.</summary>
public sealed class NodeCaseTests(ITestOutputHelper output)
{
    /// <summary>Operators that are supported. Grows with the operator set and never shrinks (a test of the architecture sees to it).</summary>
    private static readonly HashSet<string> Supported = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "NodeCases", "operators.txt")).Where(l => l.Length > 0)];

    [SharedTheory]
    [InlineData("core-cases.txt", 1007)]
    public void NoCaseOfTheListFails(string list, int count)
    {
        var names = File.ReadLines(Path.Combine(SharedMaterial.Path("conformance"), list)).Where(l => l.Length > 0);
        var cases = ConformanceCase.Find([Path.Combine(SharedMaterial.Path("conformance"), "node")], names);
        Assert.Equal(count, cases.Count);
        Try(list, cases);
    }

    [SharedTheory]
    [InlineData("pytorch-operator", 35)]
    [InlineData("pytorch-converted", 82)]
    [InlineData("simple", 23)]
    public void NoCaseOfTheFolderFails(string folder, int count)
    {
        var cases = ConformanceCase.Find([Path.Combine(SharedMaterial.Path("conformance"), folder)]);
        Assert.Equal(count, cases.Count);
        Try(folder, cases);
    }

    // What the list leaves out: operators of training, and OneHot.
    [SharedTheory]
    [InlineData("test_batchnorm_", 4)]
    [InlineData("test_nllloss_", 36)]
    [InlineData("test_onehot_", 5)]
    [InlineData("test_sce_", 68)]
    public void NoCaseWhoseNameBeginsSoFails(string prefix, int count)
    {
        var names = File.ReadLines(Path.Combine(SharedMaterial.Path("conformance"), "all-cases.txt")).Where(l => l.StartsWith(prefix, StringComparison.Ordinal));
        var cases = ConformanceCase.Find([Path.Combine(SharedMaterial.Path("conformance"), "node")], names);
        Assert.Equal(count, cases.Count);
        Try(prefix, cases);
    }

    private void Try(string what, IReadOnlyList<ConformanceCase> cases)
    {
        var wrong = new List<string>();
        int passed = 0, unsupported = 0;
        foreach (var c in cases)
        {
            var planned = new ConformanceRunner().Run(c);
            var nodeByNode = new ConformanceRunner { NodeByNode = true }.Run(c);
            if (planned.Outcome == ConformanceOutcome.Passed) passed++;
            else if (planned.Outcome == ConformanceOutcome.Unsupported) unsupported++;
            if (planned.Outcome == ConformanceOutcome.Failed) wrong.Add($"{c.Name}: {planned.Detail}");
            if (nodeByNode.Outcome == ConformanceOutcome.Failed) wrong.Add($"{c.Name}, node by node: {nodeByNode.Detail}");
            if (planned.Outcome != nodeByNode.Outcome && nodeByNode.Outcome != ConformanceOutcome.Failed && planned.Outcome != ConformanceOutcome.Failed) wrong.Add($"{c.Name}: by the plan {planned.Outcome}, node by node {nodeByNode.Outcome}");
            if (planned.Outcome != ConformanceOutcome.Unsupported) continue;
            string[] refused = [.. Operators(OnnxFile.Read(c.ModelPath)).Where(o => !Supported.Contains(o))];
            if (refused.Length == 0) wrong.Add($"{c.Name} uses only supported operators, but: {planned.Detail}");
            else if (!refused.Any(o => planned.Detail.Contains(o.Split(':')[^1], StringComparison.Ordinal))) wrong.Add($"{c.Name}: the refusal names none of {string.Join(", ", refused)}: {planned.Detail}");
            else output.WriteLine($"{c.Name}: {string.Join(", ", refused)}");
        }
        output.WriteLine($"{what}: {passed} passed, {wrong.Count} wrong, {unsupported} unsupported");
        Assert.True(wrong.Count == 0, $"{what}: {passed} passed, {unsupported} unsupported, {wrong.Count} wrong:\n{string.Join("\n", wrong.Take(100))}");
    }

    // Sequences and the like are types that no operator here takes, and count as an operator that is missing.
    private static IEnumerable<string> Operators(Model model)
    {
        var functions = model.Functions.Select(f => f.Name).ToHashSet();
        var nodes = model.Graph.Nodes.Concat(model.Functions.SelectMany(f => f.Nodes));
        return nodes.Where(n => !functions.Contains(n.OpType)).Select(n => n.CanonicalDomain.Length == 0 ? n.OpType : $"{n.CanonicalDomain}:{n.OpType}")
            .Concat(model.Graph.Inputs.Concat(model.Graph.Outputs).Select(v => v.Type).OfType<OtherType>().Select(t => t.ToString())).Distinct();
    }
}
