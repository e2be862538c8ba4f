using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>From when on fewer layers of a network are frozen.</summary>
/// <param name="Epoch">The epochs that are trained before it, at least 1.</param>
/// <param name="Freeze">What stays frozen, in place of what was frozen before; empty for nothing. Nothing that was trained can be frozen again.</param>
public sealed record UnfreezePhase(int Epoch, ValueList<FreezeRule> Freeze)
{
    /// <summary>The phase as text.</summary>
    public override string ToString() => FormattableString.Invariant($"after {Epoch}: {(Freeze.Count == 0 ? "nothing frozen" : string.Join(", ", Freeze))}");
}
