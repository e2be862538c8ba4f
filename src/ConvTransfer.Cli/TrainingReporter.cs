using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Training;

namespace ConvTransfer.Cli;

/// <summary>Tells the progress bar how a training goes.</summary>
internal sealed class TrainingReporter(IProgress<ProgressReport> progress) : IProgress<TrainingProgress>
{
    /// <inheritdoc/>
    public void Report(TrainingProgress value) => progress.Report(new ProgressReport("training", ((value.Epoch - 1L) * value.Batches) + value.Batch, (long)value.Epochs * value.Batches, "batches", value.Elapsed));

    /// <summary>An epoch as a line for people.</summary>
    public static string Line(EpochFigures epoch) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {epoch.Epoch,3}   loss {epoch.Loss:0.0000}   accuracy {100 * epoch.Accuracy,5:0.0} %{(epoch.HeldOutLoss is { } loss ? $"   held out: loss {loss:0.0000}, accuracy {100 * epoch.HeldOutAccuracy,5:0.0} %" : "")}");
}
