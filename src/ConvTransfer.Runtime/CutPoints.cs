using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Finds where a network can be cut, and what the names "penultimate" and "last-conv" stand for.</summary>
public static class CutPoints
{
    /// <summary>The data input of the last weighted layer: a dense layer, or a convolution whose result goes to the end through pooling, reshaping, activations and sums only. Before a dropout, not behind it.</summary>
    public const string Penultimate = "penultimate";

    /// <summary>The last value with spatial axes before the last weighted layer: after the activation or addition that ends its block, before pooling over the whole picture, flattening and dropout.</summary>
    public const string LastConv = "last-conv";

    /// <summary>The inner values through which everything passes, in order, and those that the two names stand for.</summary>
    /// <param name="model">The model.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    public static IReadOnlyList<CutPoint> Of(Model model, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var typed = new TypedModel(model, limits ?? Limits.Default, new ProblemList());
        return Of(typed);
    }

    internal static IReadOnlyList<CutPoint> Of(TypedModel model)
    {
        var aliases = new Dictionary<string, List<string>>();
        foreach (string alias in new[] { Penultimate, LastConv })
        {
            if (Find(model, alias).Value is not { } value) continue;
            if (aliases.TryGetValue(value, out var list)) list.Add(alias);
            else aliases[value] = [alias];
        }
        var single = Bottlenecks(model);
        var values = model.Nodes.SelectMany(n => n.Node.Outputs).Where(o => single.Contains(o) || aliases.ContainsKey(o)).Distinct();
        return [.. values.Select(v => new CutPoint(v, TypedModel.Declarable(model.TypeOf(v)), aliases.GetValueOrDefault(v, []).ToValueList()))];
    }

    /// <summary>The exact name of the value that a cut names: one of the graph's own, or what a name of this class stands for.</summary>
    /// <exception cref="ArgumentException">The network has no such value.</exception>
    internal static string Resolve(TypedModel model, string cut)
    {
        // A value that is really called so goes first.
        if (cut is not (Penultimate or LastConv) || model.Model.Graph.Defines(cut)) return cut;
        var (value, reason) = Find(model, cut);
        return value ?? throw new ArgumentException($"there is no '{cut}' in this network: {reason}; name the value to cut at", nameof(cut));
    }

    private static (string? Value, string Reason) Find(TypedModel model, string alias)
    {
        var (layer, reason) = LastWeightedLayer(model);
        if (layer is null) return (null, reason);
        string? data = SkipPassthrough(model, model.DataInput(layer)!);
        if (alias == Penultimate) return model.Makers.ContainsKey(data) ? (data, "") : (null, "its last weighted layer reads the input itself");
        return LastSpatial(model, data) is { } value ? (value, "") : (null, "no value with spatial axes lies before its last weighted layer");
    }

    // Backwards from the outputs to the first weighted layers; several of them mean several ends, and none that the name could mean.
    private static (Node? Layer, string Reason) LastWeightedLayer(TypedModel model)
    {
        var open = new Stack<string>(model.Model.Graph.Outputs.Select(o => o.Name));
        var seen = new HashSet<string>(open);
        var layers = new List<TypedNode>();
        Node? other = null;
        while (open.TryPop(out string? value))
        {
            if (!model.Makers.TryGetValue(value, out var maker)) continue;
            if (IsWeightedLayer(model, maker.Node))
            {
                if (!layers.Any(l => ReferenceEquals(l.Node, maker.Node))) layers.Add(maker);
                continue;
            }
            if (TypedModel.RoleOf(maker.Node) == OperatorRole.Other) other ??= maker.Node;
            foreach (string read in maker.Node.Reads())
                if (!model.IsConstant(read) && seen.Add(read)) open.Push(read);
        }
        if (layers.Count == 0) return (null, "no layer with weights leads to its outputs");
        if (layers.Count > 1) return (null, $"its outputs come from {layers.Count} layers with weights, among them {layers[0].Node.DisplayName} and {layers[1].Node.DisplayName}");
        bool isConvolution = layers[0].Context is { } context && context.Operator.Cost(context).Window is not null;
        if (isConvolution && other is not null) return (null, $"{other.DisplayName} follows its last convolution, which so is no classifier");
        return (layers[0].Node, "");
    }

    private static bool IsWeightedLayer(TypedModel model, Node node) =>
        TypedModel.RoleOf(node) == OperatorRole.WeightedLayer && model.DataInput(node) is not null && model.Weights(node).Any();

    private static string SkipPassthrough(TypedModel model, string value)
    {
        while (model.Makers.TryGetValue(value, out var maker) && TypedModel.RoleOf(maker.Node) == OperatorRole.Passthrough && model.DataInput(maker.Node) is { } before) value = before;
        return value;
    }

    private static string? LastSpatial(TypedModel model, string value)
    {
        while (model.Makers.TryGetValue(value, out var maker))
        {
            bool isMoved = TypedModel.RoleOf(maker.Node) is OperatorRole.Passthrough or OperatorRole.Rearrangement;
            if (!isMoved && model.TypeOf(value)?.Dims is { Count: > 2 } dims && dims.Skip(2).Any(d => !d.IsKnown || d.Value != 1)) return value;
            if (model.DataInput(maker.Node) is not { } before) return null;
            value = before;
        }
        return null;
    }

    // In any order of the nodes the values still to be read after a node are the ways from what was done to what is left; where it is one, nothing passes beside it.
    private static HashSet<string> Bottlenecks(TypedModel model)
    {
        var lastRead = new Dictionary<string, int>();
        for (int i = 0; i < model.Nodes.Count; i++)
            foreach (string read in model.Nodes[i].Node.Reads()) lastRead[read] = i;
        foreach (var output in model.Model.Graph.Outputs) lastRead[output.Name] = model.Nodes.Count;
        var live = model.Model.Graph.RequiredInputs.Select(i => i.Name).Where(lastRead.ContainsKey).ToHashSet();
        var ends = new Dictionary<int, List<string>>();
        foreach (var (value, at) in lastRead)
        {
            if (ends.TryGetValue(at, out var list)) list.Add(value);
            else ends[at] = [value];
        }
        var found = new HashSet<string>();
        for (int i = 0; i < model.Nodes.Count; i++)
        {
            foreach (string output in model.Nodes[i].Node.Outputs)
                if (output.Length > 0 && lastRead.ContainsKey(output) && !model.IsConstant(output)) live.Add(output);
            if (ends.TryGetValue(i, out var done)) live.ExceptWith(done);
            if (live.Count == 1) found.Add(live.First());
        }
        found.ExceptWith(model.Model.Graph.Inputs.Concat(model.Model.Graph.Outputs).Select(i => i.Name));
        return found;
    }
}
