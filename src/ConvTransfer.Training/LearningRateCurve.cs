using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>A step of the search for a learning rate.</summary>
/// <param name="Rate">The greatest rate of any weight in this step.</param>
/// <param name="Loss">The loss before the step.</param>
/// <param name="Smoothed">The running mean of the losses so far, corrected for its start at 0.</param>
public readonly record struct LearningRatePoint(double Rate, double Loss, double Smoothed);

/// <summary>How the loss went while the learning rate rose, and what that says about a good rate.</summary>
public sealed class LearningRateCurve
{
    private readonly double _greatest;
    private readonly FineTuneOptions _options;

    internal LearningRateCurve(ValueList<LearningRatePoint> points, double greatest, FineTuneOptions options)
    {
        _greatest = greatest;
        _options = options;
        Points = points;
        int least = Least(points);
        TenthOfLeast = least < 0 ? null : points[least].Rate / 10;
        Steepest = least < 0 ? null : SteepestDescent(points, least);
    }

    /// <summary>The steps, by rising rate. Fewer than were asked for where the loss grew too much, or was no longer finite.</summary>
    public ValueList<LearningRatePoint> Points { get; }

    /// <summary>The rate at which the smoothed loss falls fastest over the logarithm of the rate; null where it never falls.</summary>
    /// <remarks>The slope is taken over a tenth of the steps, before the least smoothed loss. The first tenth of the steps is left out: there the mean is of a few batches only.</remarks>
    public double? Steepest { get; }

    /// <summary>A tenth of the rate at which the smoothed loss is least: at that rate itself training is about to diverge. Null where it is least from the start.</summary>
    public double? TenthOfLeast { get; }

    /// <summary>The rate to train with: <see cref="Steepest"/>; null where the loss never falls.</summary>
    /// <remarks>
    /// It is read off the slope, where the loss still gains from a greater rate, and depends neither on where the search began nor on how far it went (Smith 2017: the rates to use lie
    /// between where the loss begins to fall and where it stops falling). The least loss lies the further to the right the more steps were taken before it, and its tenth with it.
    /// </remarks>
    public double? Suggestion => Steepest;

    /// <summary>The options of the training with all rates multiplied so that the greatest is the one given.</summary>
    /// <param name="rate">The rate, such as <see cref="Suggestion"/>.</param>
    public FineTuneOptions WithRate(double rate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rate);
        double factor = rate / _greatest;
        return _options with { HeadRate = _options.HeadRate * factor, BodyRate = _options.BodyRate * factor };
    }

    // -1 where the loss is least from the start.
    private static int Least(ValueList<LearningRatePoint> points)
    {
        int least = 0;
        for (int i = 1; i < points.Count; i++)
            if (points[i].Smoothed < points[least].Smoothed) least = i;
        return least == 0 ? -1 : least;
    }

    private static double? SteepestDescent(ValueList<LearningRatePoint> points, int least)
    {
        int half = Math.Max(1, points.Count / 20);
        double? rate = null;
        double steepest = 0;
        for (int i = points.Count / 10; i <= least; i++)
        {
            var (from, to) = (points[Math.Max(0, i - half)], points[Math.Min(least, i + half)]);
            if (to.Rate <= from.Rate) continue;
            double slope = (to.Smoothed - from.Smoothed) / Math.Log(to.Rate / from.Rate);
            if (slope >= steepest) continue;
            steepest = slope;
            rate = points[i].Rate;
        }
        return rate;
    }
}
