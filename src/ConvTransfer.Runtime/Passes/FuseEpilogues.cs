using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime.Passes;

/// <summary>
/// Lets a step apply what follows it, where the node itself says that it is such a stage and nobody else reads the value between.
/// Stages keep the graph's order of operations and give the bits of their own steps; so this pass changes no result.
/// </summary>
internal static class FuseEpilogues
{
    // Each run puts an address for each on the stack; a network has a handful.
    private const int MostStages = 64;

    private sealed class Chain(NodeContext producer, int position)
    {
        public NodeContext Producer { get; } = producer;

        public int Position { get; set; } = position;

        public string Tail { get; set; } = producer.Node.Outputs[0];

        public List<EpilogueStage> Stages { get; } = [];

        public List<string> Residuals { get; } = [];
    }

    /// <summary>The nodes as steps, each at the place of the last node fused onto it.</summary>
    /// <param name="nodes">The nodes in order.</param>
    /// <param name="wanted">Values that must remain.</param>
    /// <param name="isConstant">Tells the values that are known while planning.</param>
    public static List<FusedNode> Apply(IReadOnlyList<NodeContext> nodes, IEnumerable<string> wanted, Func<string, bool> isConstant)
    {
        var reads = new Dictionary<string, int>();
        foreach (string name in nodes.SelectMany(n => n.Node.Inputs).Concat(wanted)) reads[name] = reads.GetValueOrDefault(name) + 1;
        var kept = wanted.ToHashSet();
        var open = new Dictionary<string, Chain>();
        var chains = new List<Chain>();
        for (int i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            if (Join(node, i, open, reads, kept, isConstant)) continue;
            var chain = new Chain(node, i);
            chains.Add(chain);
            if (node.HasOutput(0) && node.Operator.TakesEpilogue(node)) open[chain.Tail] = chain;
        }
        return
        [
            .. chains.OrderBy(c => c.Position).Select(c => new FusedNode(c.Producer, c.Tail)
            {
                Epilogue = c.Stages.Count == 0 ? null : new Epilogue([.. c.Stages]),
                Residuals = [.. c.Residuals],
            }),
        ];
    }

    private static bool Join(NodeContext node, int position, Dictionary<string, Chain> open, Dictionary<string, int> reads, HashSet<string> kept, Func<string, bool> isConstant)
    {
        if (node.OutputCount == 0 || !node.HasOutput(0) || Enumerable.Range(1, node.OutputCount - 1).Any(node.HasOutput)) return false;
        (Chain Chain, EpilogueStage Stage, int Input)? best = null;
        for (int d = 0; d < node.InputCount; d++)
        {
            if (!node.HasInput(d) || !open.TryGetValue(node.Node.Inputs[d], out var chain) || reads[chain.Tail] != 1 || kept.Contains(chain.Tail)) continue;
            if (!node.Output(0).Equals(node.Input(d)) || node.Operator.AsEpilogue(node, d) is not { } stage) continue;
            // Of two sums that are added the later one takes the other as its residual, which is then there already.
            if (best is null || chain.Position > best.Value.Chain.Position) best = (chain, stage, d);
        }
        if (best is not var (taken, added, input) || taken.Stages.Count == MostStages) return false;
        if (added.Kind == EpilogueKind.Add)
        {
            int other = 1 - input;
            if (isConstant(node.Node.Inputs[other]) || !node.Input(other).Equals(node.Output(0))) return false;
            taken.Residuals.Add(node.Node.Inputs[other]);
        }
        open.Remove(taken.Tail);
        taken.Stages.Add(added);
        taken.Tail = node.Node.Outputs[0];
        taken.Position = position;
        open[taken.Tail] = taken;
        return true;
    }
}
