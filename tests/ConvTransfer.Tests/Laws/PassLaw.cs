using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Laws;

/// <summary>Law L10 for what rewrites a whole model: results keep their bits, and a second time changes nothing. (Fusion has a law of its own.)</summary>
public sealed class PassLaw
{
    public static TheoryData<string> Sums => Chains.Names;

    [Theory]
    [MemberData(nameof(Sums))]
    public void RemovingDeadNodesKeepsBits(string sum)
    {
        foreach (var chain in Chains.Of(sum))
        {
            var graph = chain.Model.Graph;
            var withDead = graph with { Nodes = [new Node("Identity", ["x"], ["dead"]), .. graph.Nodes, new Node("Identity", ["dead"], ["dead_too"])], Initializers = [.. graph.Initializers, TensorData.From<float>("unused", [1], [1])] };
            var once = withDead.RemoveDead();
            Assert.Equal(graph.Nodes, once.Nodes);
            Assert.Equal(once, once.RemoveDead());
            AssertSameBits(chain with { Model = chain.Model with { Graph = withDead } }, chain with { Model = chain.Model with { Graph = once } });
        }
    }

    // Each node of a chain in a function of its own, and these in one that calls them all.
    [Theory]
    [MemberData(nameof(Sums))]
    public void InliningFunctionsKeepsBits(string sum)
    {
        foreach (var chain in Chains.Of(sum))
        {
            var graph = chain.Model.Graph;
            ValueList<OpsetImport> opsets = [new("", 18), new("local", 1)];
            var single = graph.Nodes.Select((n, i) => new Function("local", $"F{i}", n.Inputs.Where(x => x.Length > 0).Distinct().ToValueList(), n.Outputs, [n]) { OpsetImports = opsets }).ToArray();
            string[] outer = ["x", .. graph.Initializers.Select(t => t.Name)];
            var all = new Function("local", "All", [.. outer], [chain.Result], single.Select(f => new Node(f.Name, f.Inputs, f.Outputs) { Name = $"call {f.Name}", Domain = "local" }).ToValueList()) { OpsetImports = opsets };
            var calling = chain.Model with { Functions = [.. single, all], OpsetImports = opsets, Graph = graph with { Nodes = [new Node("All", [.. outer], [chain.Result]) { Name = "call", Domain = "local" }] } };

            var problems = new ProblemList();
            var once = FunctionInlining.Inline(calling, problems, Limits.Default);
            Assert.False(problems.HasErrors);
            Assert.Empty(once.Functions);
            Assert.Equal(graph.Nodes.Select(n => n.OpType), once.Graph.Nodes.Select(n => n.OpType));
            Assert.Equal(once, FunctionInlining.Inline(once, problems, Limits.Default));
            AssertSameBits(chain, chain with { Model = calling });
        }
    }

    [Theory]
    [MemberData(nameof(Sums))]
    public void PuttingNodesInOrderKeepsBits(string sum)
    {
        foreach (var chain in Chains.Of(sum))
        {
            var graph = chain.Model.Graph;
            var reversed = graph with { Nodes = graph.Nodes.Reverse().ToValueList() };
            var problems = new ProblemList();
            var once = NodeOrder.Needed(reversed, [chain.Result], problems);
            Assert.False(problems.HasErrors);
            Assert.Equal(once, NodeOrder.Needed(reversed with { Nodes = once.ToValueList() }, [chain.Result], problems));
            AssertSameBits(chain, chain with { Model = chain.Model with { Graph = reversed } });
        }
    }

    private static void AssertSameBits(Chain before, Chain after)
    {
        using var one = before.Trial();
        using var other = after.Trial();
        using var expected = one.Run();
        using var actual = other.Run();
        actual.AssertSameBits(expected, before.Name);
    }
}
