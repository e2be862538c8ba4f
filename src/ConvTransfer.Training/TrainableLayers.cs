using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Schema;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>A layer: a node with weights that training may change.</summary>
/// <param name="Node">The node.</param>
/// <param name="Parameters">The names of those weights as the model holds them: initializers, or the values of Constant nodes.</param>
/// <param name="Depth">The most layers on a way from this one to the result, this one not counted: 0 for the last. A bias or a batch normalization right behind a layer has the layer's.</param>
/// <param name="IsFrozen">True when the weights stay as they are.</param>
internal sealed record TrainableLayer(Node Node, ValueList<string> Parameters, int Depth, bool IsFrozen)
{
    /// <summary>For a batch normalization what it does while it is trained.</summary>
    public BatchNormalizationPolicy Policy { get; init; }

    /// <summary>For a batch normalization where its running mean and variance stand.</summary>
    public ValueList<WeightOrigin> Statistics { get; init; }

    /// <summary>True when training changes the weights.</summary>
    public bool IsTrained => !IsFrozen && !(IsBatchNormalization && Policy == BatchNormalizationPolicy.Frozen);

    /// <summary>Those of the weights that are factors of a dense layer or convolution. Weight decay acts on them alone: what is added, a scale or a slope has none, whatever its rank.</summary>
    public ValueList<string> Factors { get; init; }

    /// <summary>True when training changes the running statistics.</summary>
    public bool FollowsBatches => !IsFrozen && IsBatchNormalization && Policy == BatchNormalizationPolicy.Train;

    /// <summary>True for a batch normalization in its inference form.</summary>
    public bool IsBatchNormalization => IsNormalization(Node);

    /// <summary>True for a node that is a batch normalization.</summary>
    public static bool IsNormalization(Node node) => node.OpType == "BatchNormalization" && node.CanonicalDomain.Length == 0;
}

/// <summary>The layers of a network.</summary>
/// <param name="All">The layers in the graph's order.</param>
/// <param name="Frozen">The nodes that rules freeze, layers or not.</param>
internal sealed record LayerList(IReadOnlyList<TrainableLayer> All, IReadOnlySet<Node> Frozen)
{
    /// <summary>The names of the tensors of which the frozen nodes' constant inputs are computed.</summary>
    public IReadOnlySet<string> FrozenNumbers { get; init; } = new HashSet<string>();

    /// <summary>Weights of layers that are not frozen, which all the same stay as they are.</summary>
    public IReadOnlyList<UntrainedWeight> Untrained { get; init; } = [];

    /// <summary>The names of all weights and running statistics as the model holds them.</summary>
    public IEnumerable<string> Stored => All.SelectMany(l => l.Parameters.Concat(l.Statistics.Select(o => o.Stored).OfType<string>()));

    /// <summary>The names of the tensors that the training changes.</summary>
    public IEnumerable<string> Changed => All.Where(l => l.IsTrained).SelectMany(l => l.Parameters).Concat(All.Where(l => l.FollowsBatches).SelectMany(l => l.Statistics).Select(o => o.Stored).OfType<string>());

    /// <summary>The names of the tensors that the training promises to leave as they are: what the rules freeze, and what the policies of batch normalizations keep.</summary>
    public IEnumerable<string> Promised => FrozenNumbers.Concat(All.Where(l => !l.IsTrained).SelectMany(l => l.Parameters))
        .Concat(All.Where(l => !l.FollowsBatches).SelectMany(l => l.Statistics).Select(o => o.Stored).OfType<string>()).Distinct();

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
        return Shared([.. All.Select(l => !l.IsBatchNormalization ? l : l with { Policy = patterns.Where(p => p.Pattern.Names(l.Node, l.Parameters)).Select(p => p.Policy).LastOrDefault(standard) })], l => !l.IsTrained);
    }

    /// <summary>The list with other layers, of which those are frozen too that share a weight with one that stays as it is, or with what frozen nodes read.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="stays">True for a layer whose weights no training changes.</param>
    public LayerList Shared(IReadOnlyList<TrainableLayer> layers, Func<TrainableLayer, bool> stays)
    {
        var kept = layers.Where(stays).SelectMany(l => l.Parameters).Concat(FrozenNumbers).ToHashSet();
        for (int before = -1; before < kept.Count;)
        {
            before = kept.Count;
            foreach (var layer in layers)
                if (layer.Parameters.Any(kept.Contains)) kept.UnionWith(layer.Parameters);
        }
        var shared = layers.Where(l => !stays(l) && l.Parameters.Any(kept.Contains)).ToHashSet<TrainableLayer>(ReferenceEqualityComparer.Instance);
        return this with
        {
            All = [.. layers.Select(l => shared.Contains(l) ? l with { IsFrozen = true } : l)],
            Untrained = [.. Untrained, .. shared.Select(l => new UntrainedWeight(l.Node, l.Parameters.First(kept.Contains), "is shared with what stays as it is"))],
        };
    }
}

/// <summary>Finds the layers of a network and tells which are frozen.</summary>
/// <remarks>
/// Weights are the floating point constants of dense layers, convolutions and normalizations (scale and shift, not the running statistics), the slopes of a PRelu,
/// and what is added right behind a dense layer or convolution: its bias. Other constants, such as a mean that is taken off the picture, or a single number that is added, are no weights.
/// They are trained where the model holds them, as initializers or in Constant nodes, also where a transpose or a reshape stands between.
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
        var origins = new WeightOrigins(typed);
        var statistics = typed.Nodes.Where(n => TrainableLayer.IsNormalization(n.Node)).SelectMany(n => Statistics(origins, n.Node)).Select(o => o.Stored).OfType<string>().ToHashSet();
        Found[] all = [.. typed.Nodes.Select(n => Weights(typed, origins, n.Node, statistics)).Where(f => f.Parameters.Count + f.Untrained.Count > 0)];
        var layers = all.Where(f => f.Parameters.Count > 0).ToArray();
        var owners = Owners(typed, [.. layers.Select(f => f.Node)]);
        var frozen = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        var own = all.Where(f => !f.Parameters.Any(head.Contains)).ToArray();
        foreach (var rule in rules) frozen.UnionWith(Named(typed, rule, own, owners));
        var depths = Depths(typed, owners);
        var list = new LayerList([], frozen) { FrozenNumbers = frozen.SelectMany(origins.Behind).ToHashSet(), Untrained = [.. all.Where(f => !frozen.Contains(f.Node)).SelectMany(f => f.Untrained)] };
        // What two layers share is frozen with either.
        return list.Shared([.. layers.Select(f => new TrainableLayer(f.Node, f.Parameters, depths[f.Node], frozen.Contains(f.Node)) { Factors = f.Factors, Statistics = TrainableLayer.IsNormalization(f.Node) ? Statistics(origins, f.Node) : [] })], l => l.IsFrozen);
    }

    private static ValueList<WeightOrigin> Statistics(WeightOrigins origins, Node node) => node.Inputs.Skip(3).Take(2).Select(origins.Of).ToValueList();

    private static Found Weights(TypedModel model, WeightOrigins origins, Node node, HashSet<string> statistics)
    {
        List<string> parameters = [], factors = [];
        // The first two inputs of a weighted layer are what it multiplies; a third one is a bias.
        var multiplied = TypedModel.RoleOf(node) == OperatorRole.WeightedLayer ? node.Inputs.Take(2).ToArray() : [];
        var untrained = new List<UntrainedWeight>();
        foreach (string input in Constants(model, node))
        {
            var origin = origins.Of(input);
            if (origin.Stored is not { } name) untrained.Add(new UntrainedWeight(node, input, origin.Obstacle!));
            else if (statistics.Contains(name)) untrained.Add(new UntrainedWeight(node, name, "is the running mean or variance of a batch normalization too"));
            else if (!parameters.Contains(name)) parameters.Add(name);
            if (origin.Stored is { } factor && multiplied.Contains(input)) factors.Add(factor);
        }
        return new Found(node, parameters.ToValueList(), factors.ToValueList(), untrained);
    }

    // The inputs that are weights, trainable or not.
    private static IEnumerable<string> Constants(TypedModel model, Node node)
    {
        if (node.CanonicalDomain.Length > 0) return [];
        int first = 1;
        bool isSum = node.OpType is "Add" or "Sum";
        if (isSum)
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
        return node.Inputs.Where((name, i) => i >= first && i < end && name.Length > 0 && model.IsConstant(name) && model.TypeOf(name) is { } type && type.ElementType.IsFloat() && !(isSum && type.Dims is { Count: 0 })).Distinct();
    }

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

    private static IEnumerable<Node> Named(TypedModel model, FreezeRule rule, Found[] layers, Dictionary<Node, Node> owners)
    {
        if (rule.LastLayers is int count) return AllButLast([.. layers.Select(l => l.Node)], owners, count);
        if (rule.Layers.Count > 0) return Exactly(rule, layers);
        if (rule.UntilValue is { } value)
        {
            if (!model.Makers.ContainsKey(value)) throw new ArgumentException($"value '{DisplayText.Escape(value)}' is made by no node of the network; {NearNames.Hint(value, model.Makers.Keys, "'inspect' lists the values")}", nameof(rule));
            return Behind(model, value);
        }
        var hits = layers.Where(l => rule.Pattern!.Names(l.Node, l.Names)).Select(l => l.Node).ToArray();
        if (hits.Length == 0) throw new ArgumentException($"no layer with weights is {rule}; {Near(rule.Glob, layers)}", nameof(rule));
        return hits;
    }

    private static string Near(string wanted, Found[] layers) =>
        NearNames.Hint(wanted, layers.SelectMany(l => l.AllNames), $"layers are {NamePattern.Examples([.. layers.Select(l => l.Node)])}");

    private static IEnumerable<Node> AllButLast(Node[] layers, Dictionary<Node, Node> owners, int count)
    {
        var trained = layers.Where(l => owners.GetValueOrDefault(l) == l).TakeLast(count).ToHashSet<Node>(ReferenceEqualityComparer.Instance);
        // Layers of which nothing can be trained are not counted; those before the first that is trained are frozen with the others.
        int first = Array.FindIndex(layers, trained.Contains);
        return layers.Where((l, i) => owners.TryGetValue(l, out var owner) ? !trained.Contains(owner) : first < 0 || i < first);
    }

    private static IEnumerable<Node> Exactly(FreezeRule rule, Found[] layers)
    {
        var names = rule.Layers.ToHashSet();
        var hits = layers.Where(l => l.AllNames.Any(rule.Layers.Contains)).ToArray();
        names.ExceptWith(hits.SelectMany(l => l.AllNames));
        if (names.Count > 0) throw new ArgumentException($"no layer with weights is named '{DisplayText.Escape(names.First())}'; {Near(names.First(), layers)}", nameof(rule));
        return hits.Select(l => l.Node);
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

    // A node with weights: the names of those that can be trained, and those that cannot.
    private sealed record Found(Node Node, ValueList<string> Parameters, ValueList<string> Factors, IReadOnlyList<UntrainedWeight> Untrained)
    {
        public IEnumerable<string> Names => Parameters.Concat(Untrained.Select(u => u.Weight));

        public IEnumerable<string> AllNames => Names.Concat(Node.Outputs).Append(Node.Name).Where(n => n.Length > 0);
    }
}
