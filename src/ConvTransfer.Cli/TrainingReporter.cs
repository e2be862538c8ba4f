using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Training;

namespace ConvTransfer.Cli;

/// <summary>Tells how a training goes: after each batch the progress bar, after each epoch a line, but no more than one in two seconds.</summary>
/// <param name="progress">The progress bar, or null.</param>
/// <param name="log">Takes a line for standard error.</param>
internal sealed class TrainingReporter(IProgress<ProgressReport>? progress, Action<string> log) : IProgress<TrainingProgress>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private double _losses;
    private int _batches;
    private TimeSpan _said;

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        // One training follows another.
        if (value.Elapsed < _said) _said = TimeSpan.Zero;
        if (value.Batch == 1) (_losses, _batches) = (0, 0);
        _losses += value.Loss;
        _batches++;
        string detail = string.Create(CultureInfo.InvariantCulture, $"epoch {value.Epoch}/{value.Epochs}, rate {value.LearningRate:0.######}, loss {_losses / _batches:0.0000}, {value.SamplesPerSecond:0} pictures/s");
        progress?.Report(new ProgressReport("training", ((value.Epoch - 1L) * value.Batches) + value.Batch, (long)value.Epochs * value.Batches, "batches", value.Elapsed) { Detail = detail });
        if (value.Batch < value.Batches || value.Elapsed - _said < Pause) return;
        _said = value.Elapsed;
        log(string.Create(CultureInfo.InvariantCulture, $"training: {detail}, {Math.Floor(value.Remaining.TotalHours):00}:{value.Remaining:mm\\:ss} left"));
    }

    /// <summary>An epoch as a line for people.</summary>
    public static string Line(EpochFigures epoch) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {epoch.Epoch,3}   loss {epoch.Loss:0.0000}   accuracy {100 * epoch.Accuracy,5:0.0} %{(epoch.HeldOutLoss is { } loss ? $"   held out: loss {loss:0.0000}, accuracy {100 * epoch.HeldOutAccuracy,5:0.0} %" : "")}");
}
