namespace ConvTransfer.Training;

/// <summary>Where a run stands, beside its numbers: all counters and sums that the next step depends on.</summary>
internal sealed record TrainingState
{
    /// <summary>The epoch, from 0.</summary>
    public int Epoch { get; set; }

    /// <summary>The next batch of the epoch, from 0.</summary>
    public int Batch { get; set; }

    /// <summary>The sum of the losses of the epoch's batches.</summary>
    public double Losses { get; set; }

    /// <summary>The samples of the epoch that were classified right.</summary>
    public long Right { get; set; }

    /// <summary>The batches since the start.</summary>
    public long Steps { get; set; }

    /// <summary>The steps of the optimiser.</summary>
    public long OptimizerSteps { get; set; }

    /// <summary>The least loss of an epoch.</summary>
    public double BestLoss { get; set; } = double.PositiveInfinity;

    /// <summary>The epochs since the loss fell.</summary>
    public int WithoutGain { get; set; }

    /// <summary>The epochs since the loss fell or the rate was reduced.</summary>
    public int SinceReduction { get; set; }

    /// <summary>How often the rate was reduced.</summary>
    public int Reductions { get; set; }

    /// <summary>True once the run has ended before its last epoch, because the loss no longer fell.</summary>
    public bool IsStopped { get; set; }

    /// <summary>The figures of the epochs that are done.</summary>
    public List<EpochFigures> Epochs { get; init; } = [];
}
