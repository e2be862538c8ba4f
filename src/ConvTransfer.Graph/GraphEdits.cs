using ConvTransfer.Core;

namespace ConvTransfer.Graphs;

/// <summary>Changes to a graph. Each returns a new graph that shares with the old one whatever it did not touch, and knows no operator's meaning.</summary>
public static class GraphEdits
{
    /// <summary>Makes an inner value the graph's only output.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="value">The exact name of a value that a node makes.</param>
    /// <param name="type">The value's type, where it is known better than the graph declares it; null to take the declared one, if any.</param>
    /// <exception cref="ArgumentException">No node makes the value.</exception>
    public static Graph CutAt(this Graph graph, string value, ValueType? type = null) => graph.CutAt([new ValueInfo(value, type)]);

    /// <summary>Makes inner values the graph's outputs. Nodes, initializers, inputs and declared types that they do not need go; what subgraphs capture stays. Nothing is declared of an old output that is still made.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="outputs">The outputs; one without a type takes the type that the graph declares for it, if any.</param>
    /// <exception cref="ArgumentException">There is no output, one is named twice, or one is made by no node.</exception>
    public static Graph CutAt(this Graph graph, IReadOnlyList<ValueInfo> outputs)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(outputs);
        if (outputs.Count == 0) throw new ArgumentException("a cut needs at least one value", nameof(outputs));
        if (outputs.Select(o => o.Name).Distinct().Count() != outputs.Count) throw new ArgumentException("a value is named twice", nameof(outputs));
        var made = graph.Nodes.SelectMany(n => n.Outputs).Where(o => o.Length > 0).ToHashSet();
        foreach (var output in outputs)
            if (!made.Contains(output.Name)) throw new ArgumentException(NotMade(graph, output.Name, made), nameof(outputs));

        var declared = new Dictionary<string, ValueInfo>();
        foreach (var info in graph.Outputs.Concat(graph.ValueInfos)) declared.TryAdd(info.Name, info);
        ValueInfo Declared(ValueInfo output) => !declared.TryGetValue(output.Name, out var known) ? output : output.Type is null ? known : known with { Type = output.Type };
        // What the graph declares of inner values stays as it is, also of those that are outputs now: behind nodes that are appended they are inner values again.
        var cut = (graph with { Outputs = outputs.Select(Declared).ToValueList() }).RemoveDead();
        var read = cut.Nodes.SelectMany(n => n.Reads()).ToHashSet();
        return cut with { Inputs = cut.Inputs.Where(i => read.Contains(i.Name)).ToValueList() };
    }

    /// <summary>The graph without what its outputs do not need: nodes, initializers (also from the list of inputs), and declared types of values that are gone. Inputs that a caller gives stay.</summary>
    public static Graph RemoveDead(this Graph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var (nodes, needed) = Needed(graph);
        bool Kept(string initializer) => needed.Contains(initializer);
        var dropped = graph.Initializers.Select(t => t.Name).Concat(graph.SparseInitializers).Where(n => !Kept(n)).ToHashSet();
        var result = graph with
        {
            Nodes = nodes,
            Inputs = graph.Inputs.Where(i => !dropped.Contains(i.Name)).ToValueList(),
            Initializers = graph.Initializers.Where(t => Kept(t.Name)).ToValueList(),
            SparseInitializers = graph.SparseInitializers.Where(Kept).ToValueList(),
        };
        var left = result.OwnValues().ToHashSet();
        return result with { ValueInfos = graph.ValueInfos.Where(v => left.Contains(v.Name)).ToValueList() };
    }

    /// <summary>Adds nodes behind the graph's own. Nothing is declared of outputs that become inner values: a graph that is extended has no declarations but its own.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="nodes">The nodes, each after those that it reads.</param>
    /// <param name="initializers">Constants that they read, or null.</param>
    /// <param name="outputs">The new graph's outputs in place of the old ones; null to keep those.</param>
    /// <exception cref="ArgumentException">A name is already taken, or a node reads or an output names a value that nobody makes.</exception>
    public static Graph Append(this Graph graph, IEnumerable<Node> nodes, IEnumerable<TensorData>? initializers = null, IEnumerable<ValueInfo>? outputs = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(nodes);
        ValueList<Node> added = nodes.ToValueList();
        ValueList<TensorData> constants = (initializers ?? []).ToValueList();
        var known = graph.OwnValues().ToHashSet();
        Define(known, constants.Select(t => t.Name), nameof(initializers));
        DefineInOrder(known, added, nameof(nodes));
        var ends = outputs?.ToValueList() ?? graph.Outputs;
        foreach (var end in ends)
            if (!known.Contains(end.Name)) throw new ArgumentException($"output '{DisplayText.Escape(end.Name)}' is made by no node", nameof(outputs));
        return graph with { Nodes = [.. graph.Nodes, .. added], Initializers = [.. graph.Initializers, .. constants], Outputs = ends };
    }

    /// <summary>Puts nodes in front of the graph's own. An input that they make is an input no longer; its declared type is kept.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inputs">The new inputs, which stand before those that remain.</param>
    /// <param name="nodes">The nodes, each after those that it reads.</param>
    /// <param name="initializers">Constants that they read, or null.</param>
    /// <exception cref="ArgumentException">A name is already taken other than by an input, or a node reads a value that nobody has made yet.</exception>
    public static Graph Prepend(this Graph graph, IEnumerable<ValueInfo> inputs, IEnumerable<Node> nodes, IEnumerable<TensorData>? initializers = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(nodes);
        ValueList<ValueInfo> fresh = inputs.ToValueList();
        ValueList<Node> added = nodes.ToValueList();
        ValueList<TensorData> constants = (initializers ?? []).ToValueList();
        var made = added.SelectMany(n => n.Outputs).ToHashSet();
        var replaced = graph.RequiredInputs.Where(i => made.Contains(i.Name)).ToValueList();
        var rest = graph.Inputs.Where(i => !replaced.Contains(i)).ToValueList();

        var laterNames = graph.Nodes.SelectMany(n => n.Outputs).Where(o => o.Length > 0).ToHashSet();
        var known = rest.Select(i => i.Name).Concat(graph.Initializers.Select(t => t.Name)).Concat(graph.SparseInitializers).ToHashSet();
        foreach (string name in fresh.Select(i => i.Name).Concat(constants.Select(t => t.Name)).Concat(made))
            if (laterNames.Contains(name)) throw Taken(name, nameof(nodes));
        Define(known, fresh.Select(i => i.Name), nameof(inputs));
        Define(known, constants.Select(t => t.Name), nameof(initializers));
        DefineInOrder(known, added, nameof(nodes));
        var declared = graph.ValueInfos.Select(v => v.Name).ToHashSet();
        return graph with
        {
            Inputs = [.. fresh, .. rest],
            Nodes = [.. added, .. graph.Nodes],
            Initializers = [.. graph.Initializers, .. constants],
            ValueInfos = [.. graph.ValueInfos, .. replaced.Where(i => !declared.Contains(i.Name))],
        };
    }

    /// <summary>Gives initializers other content of the same element type and shape; names, documentation and place stay.</summary>
    /// <exception cref="ArgumentException">The graph has no initializer of a given name, or its type or shape differs.</exception>
    public static Graph ReplaceInitializers(this Graph graph, IEnumerable<TensorData> replacements)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(replacements);
        var byName = replacements.ToDictionary(t => t.Name);
        var existing = graph.Initializers.Select(t => t.Name).ToHashSet();
        foreach (string name in byName.Keys)
            if (!existing.Contains(name)) throw new ArgumentException($"the graph has no initializer '{DisplayText.Escape(name)}'", nameof(replacements));
        return graph with { Initializers = graph.Initializers.Select(old => byName.TryGetValue(old.Name, out var now) ? Replaced(old, now) : old).ToValueList() };
    }

    /// <summary>Gives a value another name, wherever it stands: also where the bodies of nodes capture it.</summary>
    /// <exception cref="ArgumentException">The graph does not define the value, it is a sparse initializer, or the new name is taken.</exception>
    public static Graph RenameValue(this Graph graph, string from, string to)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentException.ThrowIfNullOrEmpty(from);
        ArgumentException.ThrowIfNullOrEmpty(to);
        if (from == to) return graph;
        if (!graph.Defines(from)) throw new ArgumentException($"the graph has no value '{DisplayText.Escape(from)}'", nameof(from));
        if (graph.SparseInitializers.IndexOf(from) >= 0) throw new ArgumentException($"'{DisplayText.Escape(from)}' is a sparse initializer, which is kept but not changed", nameof(from));
        // Also a name inside a body is taken: there the renamed value would be hidden by it.
        if (new UniqueNames(graph).Fresh(to) != to) throw Taken(to, nameof(to));
        return ValueRenaming.Apply(graph, from, to);
    }

    private static (ValueList<Node> Nodes, HashSet<string> Values) Needed(Graph graph)
    {
        var makers = new Dictionary<string, List<int>>();
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (string output in graph.Nodes[i].Outputs.Where(o => o.Length > 0))
            {
                if (makers.TryGetValue(output, out var list)) list.Add(i);
                else makers.Add(output, [i]);
            }
        }
        var values = graph.Outputs.Select(o => o.Name).ToHashSet();
        var open = new Stack<string>(values);
        bool[] kept = new bool[graph.Nodes.Count];
        while (open.TryPop(out string? value))
        {
            if (!makers.TryGetValue(value, out var list)) continue;
            foreach (int maker in list)
            {
                if (kept[maker]) continue;
                kept[maker] = true;
                foreach (string read in graph.Nodes[maker].Reads())
                    if (values.Add(read)) open.Push(read);
            }
        }
        return (graph.Nodes.Where((_, i) => kept[i]).ToValueList(), values);
    }

    private static void Define(HashSet<string> known, IEnumerable<string> names, string parameter)
    {
        foreach (string name in names)
            if (name.Length > 0 && !known.Add(name)) throw Taken(name, parameter);
    }

    private static void DefineInOrder(HashSet<string> known, ValueList<Node> nodes, string parameter)
    {
        foreach (var node in nodes)
        {
            foreach (string read in node.Reads())
                if (!known.Contains(read)) throw new ArgumentException($"{node.DisplayName} reads '{DisplayText.Escape(read)}', which nobody has made before it", parameter);
            Define(known, node.Outputs, parameter);
        }
    }

    private static TensorData Replaced(TensorData old, TensorData now)
    {
        if (old.ElementType != now.ElementType || old.Dims != now.Dims)
            throw new ArgumentException($"initializer '{DisplayText.Escape(old.Name)}' is {old.Type}, the replacement {now.Type}");
        return old with { Bytes = now.Bytes, Strings = now.Strings };
    }

    private static string NotMade(Graph graph, string name, HashSet<string> made)
    {
        string shown = $"value '{DisplayText.Escape(name)}'";
        if (graph.Initializers.Any(t => t.Name == name)) return $"{shown} is an initializer of the graph, which no node makes";
        if (graph.Inputs.Any(i => i.Name == name)) return $"{shown} is an input of the graph, which no node makes";
        // A much shorter name that happens to stand inside the wanted one is no help.
        bool IsNear(string m) => m.Contains(name, StringComparison.OrdinalIgnoreCase) || (m.Length * 2 > name.Length && name.Contains(m, StringComparison.OrdinalIgnoreCase));
        var near = made.Where(m => name.Length > 0 && IsNear(m)).Order(StringComparer.Ordinal).Take(3).ToArray();
        string hint = near.Length == 0 ? "" : $"; similar names: {string.Join(", ", near.Select(m => $"'{DisplayText.Escape(m)}'"))}";
        return $"{shown} is made by no node of the graph{hint}";
    }

    private static ArgumentException Taken(string name, string parameter) => new($"the name '{DisplayText.Escape(name)}' is already taken in the graph", parameter);
}
