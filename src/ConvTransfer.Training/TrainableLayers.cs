using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Schema;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>A layer: a node with weights that training may change.</summary>
/// <param name="Node">The node.</param>
/// <param name="Parameters">The names of those weights: initializers.</param>
/// <param name="Depth">The most layers on a way from this one to the result, this one not counted: 0 for the last. A bias or a batch normalization right behind a layer has the layer's.</param>
/// <param name="IsFrozen">True when the weights stay as they are.</param>
internal sealed record TrainableLayer(Node Node, ValueList<string> Parameters, int Depth, bool IsFrozen)
{
    /// <summary>For a batch normalization what it does while it is trained.</summary>
    public BatchNormalizationPolicy Policy { get; init; }

    /// <summary>True when training changes the weights.</summary>
    public bool IsTrained => !IsFrozen && !(IsBatchNormalization && Policy == BatchNormalizationPolicy.Frozen);

    /// <summary>Those of the weights that are factors of a dense layer or convolution. Weight decay acts on them alone: what is added, a scale or a slope has none, whatever its rank.</summary>
    public ValueList<string> Factors { get; init; }

    /// <summary>True for a batch normalization in its inference form.</summary>
    public bool IsBatchNormalization => Node.OpType == "BatchNormalization" && Node.CanonicalDomain.Length == 0;
}

/// <summary>The layers of a network.</summary>
/// <param name="All">The layers in the graph's order.</param>
/// <param name="Frozen">The nodes that rules freeze, layers or not.</param>
internal sealed record LayerList(IReadOnlyList<TrainableLayer> All, IReadOnlySet<Node> Frozen)
{
    /// <summary>The layers with what their batch normalizations do. The last rule that names one decides.</summary>
    /// <param name="standard">What those do that no rule names.</param>
    /// <param name="rules">The rules.</param>
    /// <exception cref="ArgumentException">A rule names no batch normalization.</exception>
    public LayerList WithPolicies(BatchNormalizationPolicy standard, IReadOnlyList<BatchNormalizationRule> rules)
    {
        TrainableLayer[] normalizations = [.. All.Where(l => l.IsBatchNormalization)];
        var patterns = rules.Select(r => (Pattern: new NamePattern(r.Glob), r.Policy)).ToArray();
        for (int i = 0; i < patterns.Length; i++)
            if (!normalizations.Any(l => patterns[i].Pattern.Names(l.Node, l.Parameters))) throw new ArgumentException($"no batch normalization is named '{DisplayText.Escape(rules[i].Glob)}'; {(normalizations.Length == 0 ? "the network has none" : $"they are {NamePattern.Examples([.. normalizations.Select(l => l.Node)])}")}", nameof(rules));
        return this with
        {
            All = [.. All.Select(l => !l.IsBatchNormalization ? l : l with { Policy = patterns.Where(p => p.Pattern.Names(l.Node, l.Parameters)).Select(p => p.Policy).LastOrDefault(standard) })],
        };
    }
}

/// <summary>Finds the layers of a network and tells which are frozen.</summary>
/// <remarks>
/// Weights are the floating point initializers of dense layers, convolutions and normalizations (scale and shift, not the running statistics), the slopes of a PRelu,
/// and what is added right behind a dense layer or convolution: its bias. Other constants, such as a mean that is taken off the picture, are no weights.
/// </remarks>
internal static class TrainableLayers
{
    private static readonly string[] Normalizations = ["BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization"];

    /// <summary>Finds them.</summary>
    /// <param name="model">The network.</param>
    /// <param name="rules">The rules; what any of them names is frozen.</param>
    /// <param name="head">The weights of the new head, which no rule freezes.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="ArgumentException">A rule names nothing that the network has.</exception>
    public static LayerList Of(Model model, IReadOnlyList<FreezeRule> rules, IReadOnlySet<string> head, Limits limits)
    {
        using var typed = new TypedModel(model, limits, new ProblemList());
        var found = typed.Nodes.Select(n => (n.Node, Parameters: Parameters(typed, n.Node))).Where(n => n.Parameters.Count > 0).ToArray();
        var owners = Owners(typed, [.. found.Select(f => f.Node)]);
        var frozen = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        var own = found.Where(f => !f.Parameters.Any(head.Contains)).ToArray();
        foreach (var rule in rules) frozen.UnionWith(Named(typed, rule, [.. own.Select(f => f.Node)], [.. own.Select(f => f.Parameters)], owners));
        // What two layers share is frozen with either.
        var kept = found.Where(f => frozen.Contains(f.Node)).SelectMany(f => f.Parameters).ToHashSet();
        var depths = Depths(typed, owners);
        return new LayerList([.. found.Select(f => new TrainableLayer(f.Node, f.Parameters, depths[f.Node], f.Parameters.Any(kept.Contains)) { Factors = Factors(f.Node, f.Parameters) })], frozen);
    }

    private static ValueList<string> Parameters(TypedModel model, Node node)
    {
        if (node.CanonicalDomain.Length > 0) return [];
        int first = 1;
        if (node.OpType is "Add" or "Sum")
        {
            first = 0;
            bool follows = node.Inputs.Any(i => model.Makers.TryGetValue(i, out var maker) && TypedModel.RoleOf(maker.Node) == OperatorRole.WeightedLayer && maker.Node.Outputs[0] == i);
            if (!follows) return [];
        }
        else if (TypedModel.RoleOf(node) == OperatorRole.WeightedLayer)
        {
            first = 0;
            if (model.DataInput(node) is null) return [];
        }
        else if (!Normalizations.Contains(node.OpType) && node.OpType != "PRelu")
        {
            return [];
        }
        int end = node.OpType == "BatchNormalization" ? 3 : int.MaxValue;
        return node.Inputs.Where((name, i) => i >= first && i < end && name.Length > 0 && model.IsInitializer(name) && model.TypeOf(name) is { } type && type.ElementType.IsFloat()).Distinct().ToValueList();
    }

    // The first two inputs of a weighted layer are what it multiplies; a third one is a bias.
    private static ValueList<string> Factors(Node node, ValueList<string> parameters) =>
        TypedModel.RoleOf(node) == OperatorRole.WeightedLayer ? parameters.Where(node.Inputs.Take(2).Contains).ToValueList() : [];

    // What stands right behind a layer is no layer to be counted, and keeps with it: its bias, and its batch normalization, restored for a training or there from the start.
    private static Dictionary<Node, Node> Owners(TypedModel model, Node[] layers)
    {
        var owners = new Dictionary<Node, Node>(ReferenceEqualityComparer.Instance);
        foreach (var node in layers)
        {
            var reads = node.OpType switch { "BatchNormalization" => [node.Inputs[0]], "Add" or "Sum" => node.Inputs, _ => (ValueList<string>)[] };
            var before = reads.Select(i => model.Makers.TryGetValue(i, out var maker) ? maker.Node : null).FirstOrDefault(n => n is not null && owners.ContainsKey(n));
            owners[node] = before is null ? node : owners[before];
        }
        return owners;
    }

    private static IEnumerable<Node> Named(TypedModel model, FreezeRule rule, Node[] layers, ValueList<string>[] parameters, Dictionary<Node, Node> owners)
    {
        if (rule.LastLayers is int count) return AllButLast(layers, owners, count);
        if (rule.Layers.Count > 0) return Exactly(rule, layers, parameters);
        if (rule.UntilValue is { } value)
        {
            if (!model.Makers.ContainsKey(value)) throw new ArgumentException(NotMade(model, value), nameof(rule));
            return Behind(model, value);
        }
        var pattern = rule.Pattern!;
        var hits = layers.Where((node, i) => pattern.Names(node, parameters[i])).ToArray();
        if (hits.Length == 0) throw new ArgumentException($"no layer with weights is {rule}; layers are {NamePattern.Examples(layers)}", nameof(rule));
        return hits;
    }

    private static IEnumerable<Node> AllButLast(Node[] layers, Dictionary<Node, Node> owners, int count)
    {
        Node[] counted = [.. layers.Where(l => owners[l] == l)];
        var frozen = counted.Take(Math.Max(0, counted.Length - count)).ToHashSet<Node>(ReferenceEqualityComparer.Instance);
        return layers.Where(l => frozen.Contains(owners[l]));
    }

    private static List<Node> Exactly(FreezeRule rule, Node[] layers, ValueList<string>[] parameters)
    {
        var names = rule.Layers.ToHashSet();
        var hits = new List<Node>();
        for (int i = 0; i < layers.Length; i++)
        {
            string[] own = [layers[i].Name, .. layers[i].Outputs, .. parameters[i]];
            if (!own.Any(rule.Layers.Contains)) continue;
            hits.Add(layers[i]);
            names.ExceptWith(own);
        }
        if (names.Count > 0) throw new ArgumentException($"no layer with weights is named '{DisplayText.Escape(names.First())}'; layers are {NamePattern.Examples(layers)}", nameof(rule));
        return hits;
    }

    private static IEnumerable<Node> Behind(TypedModel model, string value)
    {
        var open = new Stack<string>([value]);
        var seen = new HashSet<string> { value };
        while (open.TryPop(out string? at))
        {
            if (!model.Makers.TryGetValue(at, out var maker)) continue;
            yield return maker.Node;
            foreach (string read in maker.Node.Reads())
                if (seen.Add(read)) open.Push(read);
        }
    }

    // The longest way to the results, counted in layers, from the last node to the first.
    private static Dictionary<Node, int> Depths(TypedModel model, Dictionary<Node, Node> owners)
    {
        var below = new Dictionary<string, int>();
        var depths = new Dictionary<Node, int>(ReferenceEqualityComparer.Instance);
        foreach (var (node, _) in model.Nodes.Reverse())
        {
            int depth = node.Outputs.Max(o => below.GetValueOrDefault(o));
            bool isLayer = owners.TryGetValue(node, out var owner);
            if (isLayer) depths[node] = depth;
            foreach (string read in node.Reads()) below[read] = Math.Max(below.GetValueOrDefault(read), depth + (isLayer && owner == node ? 1 : 0));
        }
        return depths;
    }

    private static string NotMade(TypedModel model, string value)
    {
        var near = model.Makers.Keys.Where(m => m.Contains(value, StringComparison.OrdinalIgnoreCase) || (m.Length > 3 && value.Contains(m, StringComparison.OrdinalIgnoreCase))).Order(StringComparer.Ordinal).Take(3).ToArray();
        string hint = near.Length == 0 ? "; 'inspect' lists the values" : $"; similar names: {string.Join(", ", near.Select(m => $"'{DisplayText.Escape(m)}'"))}";
        return $"value '{DisplayText.Escape(value)}' is made by no node of the network{hint}";
    }
}
