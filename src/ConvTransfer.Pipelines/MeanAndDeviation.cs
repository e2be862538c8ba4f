namespace ConvTransfer.Pipelines;

/// <summary>A figure over several folds.</summary>
/// <param name="Mean">The arithmetic mean.</param>
/// <param name="Deviation">The sample standard deviation, with n - 1 below the sum of squares; 0 for a single fold.</param>
public readonly record struct MeanAndDeviation(double Mean, double Deviation)
{
    /// <summary>Mean and deviation of one number for each fold.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static MeanAndDeviation Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty) throw new ArgumentException("there is no value", nameof(values));
        double sum = 0, squares = 0;
        foreach (double v in values) sum += v;
        double mean = sum / values.Length;
        foreach (double v in values) squares += (v - mean) * (v - mean);
        return new MeanAndDeviation(mean, values.Length == 1 ? 0 : Math.Sqrt(squares / (values.Length - 1)));
    }
}
