using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>How much of a network is trained in the end, the new head apart.</summary>
/// <param name="Weights">The weight tensors of its layers.</param>
/// <param name="Trained">Those that are trained.</param>
/// <param name="Frozen">Those of frozen layers. The rest stays as it is for another reason: batch normalizations do so that are not to be trained.</param>
public sealed record TrainingScope(int Weights, int Trained, int Frozen)
{
    /// <summary>What the user may not expect: weights that are not frozen, but cannot be trained, or that nothing is trained although not everything is frozen.</summary>
    public ValueList<string> Warnings { get; private init; } = [];

    /// <summary>True when the rules leave nothing of the network to train.</summary>
    public bool IsAllFrozen { get; private init; }

    /// <summary>The scope in a sentence.</summary>
    public override string ToString() => this switch
    {
        { Trained: > 0 } => string.Create(CultureInfo.InvariantCulture, $"{Trained} of the network's {Weights} weight tensors are trained"),
        { IsAllFrozen: true } => "everything of the network is frozen: only the new head is trained",
        _ => "nothing of the network is trained, though not everything of it is frozen: only the new head is trained",
    };

    internal static TrainingScope Of(LayerList layers, IReadOnlySet<string> head)
    {
        TrainableLayer[] own = [.. layers.All.Where(l => !l.Parameters.Any(head.Contains))];
        string[] untrained = [.. layers.Untrained.Select(u => u.Weight).Distinct()];
        int Count(Func<TrainableLayer, bool> which) => own.Where(which).SelectMany(l => l.Parameters).Distinct().Count();
        int weights = own.SelectMany(l => l.Parameters).Concat(untrained).Distinct().Count();
        bool isAllFrozen = untrained.Length == 0 && own.All(l => l.IsFrozen) && layers.Frozen.Count > 0;
        var scope = new TrainingScope(weights, Count(l => l.IsTrained), Count(l => l.IsFrozen)) { IsAllFrozen = isAllFrozen };
        return scope with { Warnings = [.. OfUntrained(layers.Untrained), .. OfNothing(scope, own)] };
    }

    private static IEnumerable<string> OfUntrained(IReadOnlyList<UntrainedWeight> weights)
    {
        if (weights.Count == 0) yield break;
        const int Most = 5;
        var shown = weights.Take(Most).Select(w => $"'{DisplayText.Escape(w.Weight)}' of {w.Layer.DisplayName}, which {w.Why}");
        string what = weights.Count == 1 ? "a weight of a layer that no rule freezes stays as it is" : string.Create(CultureInfo.InvariantCulture, $"{weights.Count} weights of layers that no rule freezes stay as they are");
        yield return $"{what}: {string.Join("; ", shown)}{(weights.Count > Most ? "; …" : "")}";
    }

    private static IEnumerable<string> OfNothing(TrainingScope scope, TrainableLayer[] own)
    {
        if (scope.Trained > 0 || scope.IsAllFrozen) yield break;
        bool isPolicy = own.Any(l => !l.IsFrozen);
        yield return $"{scope}{(isPolicy ? "; the layers that are not frozen are batch normalizations, which keep their weights unless they are to be trained" : scope.Weights == 0 ? "; it has no layer with weights" : "")}";
    }
}
