using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime.Caching;

namespace ConvTransfer.Training;

/// <summary>Takes the fingerprint of a run.</summary>
internal static class TrainingFingerprints
{
    /// <summary>The code that trains, as a text that is another one when the code may give other bits: <see cref="KernelVersion.Text"/>, and the optimisers and schedules of this assembly.</summary>
    public static string Code { get; } = $"{KernelVersion.Text} {typeof(Trainer).Module.ModuleVersionId:N}";

    /// <summary>The fingerprint: the network, what is trained, the options, the seed, and the samples' number and classes.</summary>
    public static TrainingFingerprint Of(Trainer trainer, Model network, ISampleSource samples, ISampleSource? heldOut)
    {
        List<FingerprintItem> items =
        [
            new("the network", Short(ModelHash.Of(WithoutMeasured(network, trainer.How.MeasuredNumbers), limits: trainer.How.Limits))),
            new(TrainingFingerprint.Measured, Measured(network, trainer.How.MeasuredNumbers)),
            new("the trained weights", Hash(trainer.Phases.SelectMany(p => p.TrainedWeights.Append(Text(p.Epoch))).Concat(trainer.Weights.Names))),
            new("the dropouts that act", Hash(trainer.Phases.SelectMany(p => p.Split.Dropouts.Select(d => $"{Text(d.Number)}: {Text(d.Ratio)}").Append(Text(p.Epoch))))),
            new("the learning rates of the weights", Hash(trainer.Rates().Select(Text))),
            new("the seed", Text(trainer.How.Seed)),
            new("the number of samples", Text(samples.Count)),
            new("the classes of the samples", Labels(samples)),
            new("the number of held-out samples", Text(heldOut?.Count ?? 0)),
            new("the classes of the held-out samples", heldOut is null ? "none" : Labels(heldOut)),
        ];
        items.AddRange(trainer.How.Inputs.OrderBy(i => i.Key, StringComparer.Ordinal).Select(i => new FingerprintItem(i.Key, i.Value)));
        items.AddRange(Of(trainer.Options));
        return new TrainingFingerprint(items.ToValueList(), InstructionSet.Name, Code);
    }

    /// <summary>The options, each with its name.</summary>
    public static IEnumerable<FingerprintItem> Of(FineTuneOptions options) =>
    [
        new(nameof(options.Epochs), Text(options.Epochs)),
        new(nameof(options.BatchSize), Text(options.BatchSize)),
        new(nameof(options.Optimizer), Text(options.Optimizer)),
        new(nameof(options.HeadRate), Text(options.HeadRate)),
        new(nameof(options.BodyRate), Text(options.BodyRate)),
        new(nameof(options.LayerDecay), Text(options.LayerDecay)),
        new(nameof(options.WeightDecay), Text(options.WeightDecay)),
        new(nameof(options.Momentum), Text(options.Momentum)),
        new(nameof(options.Nesterov), Text(options.Nesterov)),
        new(nameof(options.Beta1), Text(options.Beta1)),
        new(nameof(options.Beta2), Text(options.Beta2)),
        new(nameof(options.Epsilon), Text(options.Epsilon)),
        new(nameof(options.Schedule), options.Schedule.Describe()),
        new(nameof(options.LabelSmoothing), Text(options.LabelSmoothing)),
        new(nameof(options.BalanceClasses), Text(options.BalanceClasses)),
        new(nameof(options.ClassWeights), options.ClassWeights.Count == 0 ? "none" : string.Join(' ', options.ClassWeights.Select(Text))),
        new(nameof(options.ClipNorm), Text(options.ClipNorm)),
        new(nameof(options.Accumulate), Text(options.Accumulate)),
        new(nameof(options.AverageDecay), Text(options.AverageDecay)),
        new(nameof(options.Patience), Text(options.Patience)),
        new(nameof(options.MixupAlpha), Text(options.MixupAlpha)),
        new(nameof(options.CutMixAlpha), Text(options.CutMixAlpha)),
        new(nameof(options.Unfreeze), options.Unfreeze.Count == 0 ? "none" : string.Join("; ", options.Unfreeze)),
        new(nameof(options.BatchNormalization), Text(options.BatchNormalization)),
        new(nameof(options.BatchNormalizationRules), string.Join(", ", options.BatchNormalizationRules.Select(r => $"{r.Glob}: {r.Policy}"))),
        new(nameof(options.StatisticsMomentum), Text(options.StatisticsMomentum)),
    ];

    private static Model WithoutMeasured(Model network, ValueList<string> measured) =>
        network with { Graph = network.Graph with { Initializers = [.. network.Graph.Initializers.Select(t => measured.Contains(t.Name) ? t with { Bytes = default } : t)] } };

    private static string Measured(Model network, ValueList<string> measured)
    {
        using var hasher = new ContentHasher();
        foreach (var data in network.Graph.Initializers.Where(t => measured.Contains(t.Name))) hasher.Add(data.Bytes.Span);
        return Short(hasher.Finish());
    }

    private static string Labels(ISampleSource samples)
    {
        using var hasher = new ContentHasher();
        for (int i = 0; i < samples.Count; i++) hasher.Add(samples.Label(i));
        return Short(hasher.Finish());
    }

    private static string Hash(IEnumerable<string> texts)
    {
        using var hasher = new ContentHasher();
        foreach (string text in texts) hasher.Add(text);
        return Short(hasher.Finish());
    }

    // 64 of the 256 bits: enough to tell two runs of one user apart, and readable in a message.
    private static string Short(ContentHash hash) => hash.ToString()[..16];

    private static string Text<T>(T value) => Convert.ToString((object?)value, CultureInfo.InvariantCulture) ?? "";
}
