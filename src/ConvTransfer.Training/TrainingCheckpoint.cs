using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>All that a run needs to go on to the bit where it was.</summary>
/// <param name="Fingerprint">What must be equal for that.</param>
/// <param name="State">The counters.</param>
/// <param name="Numbers">The weights and all numbers that follow them, by kind; a kind that the run does not have is empty.</param>
internal sealed record TrainingCheckpoint(TrainingFingerprint Fingerprint, TrainingState State, CheckpointNumbers Numbers);

/// <summary>The numbers of a checkpoint.</summary>
/// <param name="Weights">The weights, then the statistics.</param>
/// <param name="First">The first moments.</param>
/// <param name="Second">The second moments.</param>
/// <param name="Average">The running average.</param>
/// <param name="Accumulated">The sums of gradients of a step that is not complete.</param>
/// <param name="Best">The best weights.</param>
internal sealed record CheckpointNumbers(float[][] Weights, float[][] First, float[][] Second, float[][] Average, float[][] Accumulated, float[][] Best)
{
    /// <summary>The names of the kinds, in the order of the file.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["weights", "first", "second", "average", "accumulated", "best"];

    /// <summary>The numbers in the order of <see cref="Kinds"/>.</summary>
    public float[][][] All => [Weights, First, Second, Average, Accumulated, Best];

    /// <summary>The numbers of that order.</summary>
    public static CheckpointNumbers Of(float[][][] all) => new(all[0], all[1], all[2], all[3], all[4], all[5]);

    /// <summary>The first number that is infinite or not a number, as the index of its kind in <see cref="All"/> and that of its weight; null where all are finite.</summary>
    public (int Kind, int Weight)? NotFinite()
    {
        float[][][] all = All;
        for (int kind = 0; kind < all.Length; kind++)
            for (int weight = 0; weight < all[kind].Length; weight++)
                if (NonFiniteSearch.FirstIn(all[kind][weight]) >= 0) return (kind, weight);
        return null;
    }
}

/// <summary>What two runs must have in common so that one can go on where the other was.</summary>
/// <param name="Items">Names and values.</param>
/// <param name="InstructionSet">The instructions the numbers were computed with; others may give other bits.</param>
/// <param name="Kernels">The code the numbers were computed with, <see cref="TrainingFingerprints.Code"/>; another one may give other bits.</param>
internal sealed record TrainingFingerprint(ValueList<FingerprintItem> Items, string InstructionSet, string Kernels)
{
    /// <summary>The item of <see cref="TrainerOptions.MeasuredNumbers"/>.</summary>
    public const string Measured = "what was measured on the samples";

    /// <summary>What differs from another one, in words. What was measured may differ where the arithmetic does.</summary>
    public IReadOnlyList<string> DifferencesFrom(TrainingFingerprint other)
    {
        var theirs = other.Items.ToDictionary(i => i.Name, i => i.Value);
        var mine = Items.Select(i => i.Name).ToHashSet();
        bool isSameArithmetic = InstructionSet == other.InstructionSet && Kernels == other.Kernels;
        return
        [
            .. Items.Where(i => theirs.GetValueOrDefault(i.Name) != i.Value && (isSameArithmetic || i.Name != Measured)).Select(i => $"{i.Name} is {i.Value}, was {theirs.GetValueOrDefault(i.Name) ?? "not there"}"),
            .. other.Items.Where(i => !mine.Contains(i.Name)).Select(i => $"{i.Name} is not there, was {i.Value}"),
        ];
    }
}

/// <summary>One thing that must be equal.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Its value, or its hash.</param>
internal readonly record struct FingerprintItem(string Name, string Value);
