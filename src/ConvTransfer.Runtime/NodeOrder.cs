using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>The nodes that wanted values need, in an order in which every value is made before it is read.</summary>
internal static class NodeOrder
{
    /// <summary>Sorts the needed nodes. Where the file's order already serves, it is kept.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="wanted">Names of values.</param>
    /// <param name="problems">Takes what is wrong: values that nobody makes or several make, and cycles.</param>
    public static List<Node> Needed(Graph graph, IEnumerable<string> wanted, ProblemList problems)
    {
        var sources = graph.Inputs.Select(i => i.Name).Concat(graph.Initializers.Select(t => t.Name)).ToHashSet();
        RequireDistinct("inputs", graph.Inputs.Select(i => i.Name), problems);
        RequireDistinct("initializers", graph.Initializers.Select(t => t.Name), problems);
        var makers = new Dictionary<string, int>();
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (string output in graph.Nodes[i].Outputs.Where(o => o.Length > 0))
            {
                if (sources.Contains(output)) problems.Error(FailureCause.ModelInvalid, $"{graph.Nodes[i].DisplayName}: its output '{DisplayText.Escape(output)}' is also an input or initializer of the graph", graph.Nodes[i].DisplayName);
                else if (!makers.TryAdd(output, i)) problems.Error(FailureCause.ModelInvalid, $"{graph.Nodes[i].DisplayName}: its output '{DisplayText.Escape(output)}' is already made by {graph.Nodes[makers[output]].DisplayName}", graph.Nodes[i].DisplayName);
            }
        }
        var walk = new Walk(graph, sources, makers, problems);
        foreach (string name in wanted)
        {
            if (sources.Contains(name)) continue;
            if (makers.TryGetValue(name, out int maker)) walk.Visit(maker);
            else problems.Error(FailureCause.ModelInvalid, $"output '{DisplayText.Escape(name)}' is made by no node");
        }
        return walk.Sorted();
    }

    private static void RequireDistinct(string what, IEnumerable<string> names, ProblemList problems)
    {
        var seen = new HashSet<string>();
        foreach (string name in names)
            if (!seen.Add(name)) problems.Error(FailureCause.ModelInvalid, $"two {what} of the graph are called '{DisplayText.Escape(name)}'");
    }

    private sealed class Walk(Graph graph, HashSet<string> sources, Dictionary<string, int> makers, ProblemList problems)
    {
        private enum State : byte { New, Open, Done }

        private readonly State[] _states = new State[graph.Nodes.Count];
        private readonly List<int> _order = [];
        private bool _fileOrder = true;

        // A stack of its own: a chain of a million nodes must not end the process.
        public void Visit(int root)
        {
            if (_states[root] != State.New) return;
            var open = new Stack<(int Node, IEnumerator<string> Inputs)>();
            void Enter(int node)
            {
                _states[node] = State.Open;
                open.Push((node, graph.Nodes[node].Reads().GetEnumerator()));
            }

            Enter(root);
            while (open.TryPeek(out var top))
            {
                if (!top.Inputs.MoveNext())
                {
                    _states[top.Node] = State.Done;
                    _order.Add(top.Node);
                    open.Pop();
                    continue;
                }
                string input = top.Inputs.Current;
                if (sources.Contains(input)) continue;
                var node = graph.Nodes[top.Node];
                if (!makers.TryGetValue(input, out int maker))
                {
                    problems.Error(FailureCause.ModelInvalid, $"{node.DisplayName}: its input '{DisplayText.Escape(input)}' is made by no node, and is no input or initializer of the graph", node.DisplayName);
                    continue;
                }
                if (maker >= top.Node) _fileOrder = false;
                if (_states[maker] == State.Open) problems.Error(FailureCause.ModelInvalid, $"{node.DisplayName} is part of a cycle: it needs '{DisplayText.Escape(input)}', which needs it", node.DisplayName);
                else if (_states[maker] == State.New) Enter(maker);
            }
        }

        public List<Node> Sorted()
        {
            if (_fileOrder) _order.Sort();
            else problems.Warn(FailureCause.ModelInvalid, "the nodes stand in an order in which some are read before they are made; they are sorted");
            return _order.ConvertAll(i => graph.Nodes[i]);
        }
    }
}
