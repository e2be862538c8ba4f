using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>Where a training stands after a batch.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">Epochs in all.</param>
/// <param name="Batch">The batch of the epoch, from 1.</param>
/// <param name="Batches">Batches of an epoch.</param>
/// <param name="LearningRate">The rate of the head in this step.</param>
/// <param name="Loss">The loss of the batch.</param>
/// <param name="SamplesPerSecond">Samples since the start, or since the training went on, by the time since then.</param>
/// <param name="Elapsed">The time since the start, or since the training went on.</param>
/// <param name="Remaining">The time that the rest will take at the pace since the start.</param>
public sealed record TrainingProgress(int Epoch, int Epochs, int Batch, int Batches, double LearningRate, double Loss, double SamplesPerSecond, TimeSpan Elapsed, TimeSpan Remaining);

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Loss">The mean loss of its batches.</param>
/// <param name="Accuracy">The share of its samples that were classified right as they were trained on.</param>
/// <param name="HeldOutLoss">The mean cross-entropy of the held-out samples, or null.</param>
/// <param name="HeldOutAccuracy">The share of held-out samples that are classified right, or null.</param>
public sealed record EpochFigures(int Epoch, double Loss, double Accuracy, double? HeldOutLoss, double? HeldOutAccuracy);

/// <summary>Why a training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs were run.</summary>
    Finished,

    /// <summary>The loss on the held-out samples no longer fell.</summary>
    StoppedEarly,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>The result of a training.</summary>
/// <param name="Network">The network with its new weights, otherwise as it was given.</param>
/// <param name="Epochs">The figures of the epochs.</param>
/// <param name="End">Why it ended.</param>
/// <param name="Steps">The steps of the optimiser.</param>
public sealed record TrainingResult(Model Network, ValueList<EpochFigures> Epochs, TrainingEnd End, long Steps);
