namespace ConvTransfer.Engine.Epilogues;

/// <summary>The stages that follow a sum, in the order of the graph's own operations.</summary>
internal sealed class Epilogue
{
    private readonly EpilogueStage[] _stages;

    /// <summary>Creates an epilogue of one or more stages.</summary>
    public Epilogue(params EpilogueStage[] stages)
    {
        ArgumentOutOfRangeException.ThrowIfZero(stages.Length);
        _stages = stages;
    }

    /// <summary>The stages in order.</summary>
    public ReadOnlySpan<EpilogueStage> Stages => _stages;

    /// <summary>The number of residual operands: one for each <see cref="EpilogueKind.Add"/>.</summary>
    public int ResidualCount => _stages.Count(s => s.Kind == EpilogueKind.Add);
}
