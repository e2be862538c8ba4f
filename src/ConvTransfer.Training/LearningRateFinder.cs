using System.Diagnostics;
using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>How learning rates are tried.</summary>
public sealed record LearningRateFinderOptions
{
    /// <summary>The defaults.</summary>
    public static LearningRateFinderOptions Default { get; } = new();

    /// <summary>The rate of the first step.</summary>
    public double Least { get; init; } = 1e-6;

    /// <summary>The rate of the last step, where the search does not end before.</summary>
    public double Greatest { get; init; } = 1;

    /// <summary>The steps of the optimiser; the rate rises by the same factor from each to the next.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>The decay of the running mean of the losses, from 0, no smoothing, to below 1.</summary>
    public double Smoothing { get; init; } = 0.9;

    /// <summary>The search ends when the smoothed loss is this many times the least so far.</summary>
    public double StopAt { get; init; } = 4;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public void Check()
    {
        Require(double.IsFinite(Least) && Least > 0, Least, "expected a finite number above 0", nameof(Least));
        Require(double.IsFinite(Greatest) && Greatest > Least, Greatest, "expected a finite number above the least rate", nameof(Greatest));
        Require(Steps is >= 10 and <= 100_000, Steps, "expected 10 to 100,000", nameof(Steps));
        Require(Smoothing is >= 0 and < 1, Smoothing, "expected 0 to below 1", nameof(Smoothing));
        Require(StopAt > 1, StopAt, "expected more than 1", nameof(StopAt));
    }

    private static void Require(bool isRight, object value, string expected, string name)
    {
        if (!isRight) throw new ArgumentOutOfRangeException(name, value, expected);
    }
}

/// <summary>Tries learning rates on a network: a training whose rate rises with every step, after which all is as it was.</summary>
/// <remarks>Source: Smith, Cyclical Learning Rates for Training Neural Networks, 2017, section 3.3 (the range test, there over accuracies); over losses, with their running mean and the end at four times the least, as in fastai.</remarks>
internal sealed class LearningRateFinder(Trainer trainer, ISampleSource samples, LearningRateFinderOptions options)
{
    /// <summary>Runs the search.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; the weights are as they were.</exception>
    public LearningRateCurve Run(IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        double greatest = trainer.Rates().Max();
        if (greatest == 0) throw new ArgumentException("every learning rate of the options is 0: there is none to raise");
        float[][] before = trainer.Weights.Copy();
        try
        {
            return new LearningRateCurve(Search(greatest, progress, cancellationToken).ToValueList(), greatest, trainer.Options);
        }
        finally
        {
            trainer.Weights.Restore(before);
        }
    }

    private List<LearningRatePoint> Search(double greatest, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        var batches = new BatchTrainer(trainer, [samples]);
        var points = new List<LearningRatePoint>();
        double mean = 0, least = double.PositiveInfinity;
        int epoch = 0, batch = 0;
        int[] order = batches.Order(epoch);
        while (points.Count < options.Steps)
        {
            double rate = options.Least * Math.Pow(options.Greatest / options.Least, points.Count / (options.Steps - 1.0));
            if (Step(rate / greatest) is not double loss) break;
            mean = (options.Smoothing * mean) + ((1 - options.Smoothing) * loss);
            // The mean began at 0: without the division the first points would lie too low.
            double smoothed = mean / (1 - Math.Pow(options.Smoothing, points.Count + 1));
            points.Add(new LearningRatePoint(rate, loss, smoothed));
            progress?.Report(new ProgressReport("learning rates", points.Count, options.Steps, "steps", Stopwatch.GetElapsedTime(start)));
            if (smoothed > options.StopAt * least) break;
            least = Math.Min(least, smoothed);
        }
        return points;

        // One step of the optimiser, over as many batches as it takes: their mean loss, or null where something is not finite.
        double? Step(double factor)
        {
            double sum = 0;
            int count = 0;
            for (long steps = batches.Optimizer.Steps; batches.Optimizer.Steps == steps; count++)
            {
                var (loss, _, notFinite) = batches.Train(order, epoch, batch, factor, cancellationToken);
                if (notFinite is not null) return null;
                sum += loss;
                if (++batch < batches.Batches) continue;
                batch = 0;
                order = batches.Order(++epoch);
            }
            return sum / count;
        }
    }
}
