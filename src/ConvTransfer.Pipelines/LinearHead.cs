using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>A linear classifier on features: normalizers, then scores = softmax(W·x + b), one score for each class.</summary>
public sealed record LinearHead
{
    /// <summary>Creates a head.</summary>
    /// <param name="labels">The classes' names, in ordinal order.</param>
    /// <param name="featureCount">The number of features F.</param>
    /// <param name="weights">W, of shape [classes, F], row-major.</param>
    /// <param name="biases">b, of shape [classes].</param>
    /// <param name="normalizers">What is done to the features first, in this order; null for nothing.</param>
    /// <exception cref="ArgumentException">There are fewer than two classes or no features, names are empty, equal or not in order, or a length does not fit.</exception>
    /// <exception cref="ConvTransferException">A number is not finite.</exception>
    public LinearHead(ValueList<string> labels, int featureCount, ValueList<float> weights, ValueList<float> biases, ValueList<AffineNormalizer> normalizers = default)
    {
        CheckLabels(labels, nameof(labels));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(featureCount);
        long expected = (long)labels.Count * featureCount;
        if (weights.Count != expected) throw new ArgumentException($"{weights.Count} weights are given, expected {labels.Count} classes x {featureCount} features = {expected}", nameof(weights));
        if (biases.Count != labels.Count) throw new ArgumentException($"{biases.Count} biases are given for {labels.Count} classes", nameof(biases));
        foreach (var normalizer in normalizers)
            if (normalizer.FeatureCount != featureCount) throw new ArgumentException($"a normalizer is made for {normalizer.FeatureCount} features, expected {featureCount}", nameof(normalizers));
        FiniteNumbers.Require(weights, "weights of the head");
        FiniteNumbers.Require(biases, "biases of the head");
        Labels = labels;
        FeatureCount = featureCount;
        Weights = weights;
        Biases = biases;
        Normalizers = normalizers;
    }

    /// <summary>The classes' names, in ordinal order; scores stand in this order.</summary>
    public ValueList<string> Labels { get; }

    /// <summary>The number of features F.</summary>
    public int FeatureCount { get; }

    /// <summary>W, of shape [classes, F], row-major.</summary>
    public ValueList<float> Weights { get; }

    /// <summary>b, of shape [classes].</summary>
    public ValueList<float> Biases { get; }

    /// <summary>What is done to the features first, in this order.</summary>
    public ValueList<AffineNormalizer> Normalizers { get; }

    /// <summary>The scores of one image: plain, with sums in double. What is not finite in the features is not finite in the scores.</summary>
    /// <param name="features">F features; not changed.</param>
    /// <param name="scores">Takes one score for each class; they add up to 1.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public void Scores(ReadOnlySpan<float> features, Span<float> scores)
    {
        if (features.Length != FeatureCount) throw new ArgumentException($"{features.Length} features are given, expected {FeatureCount}", nameof(features));
        if (scores.Length != Labels.Count) throw new ArgumentException($"room for {scores.Length} scores is given, expected {Labels.Count}", nameof(scores));
        float[] x = features.ToArray();
        foreach (var normalizer in Normalizers) normalizer.Apply(x);
        var z = new double[scores.Length];
        var weights = Weights.AsSpan();
        for (int c = 0; c < z.Length; c++)
        {
            var row = weights.Slice(c * x.Length, x.Length);
            double sum = Biases[c];
            for (int i = 0; i < x.Length; i++) sum += (double)row[i] * x[i];
            z[c] = sum;
        }
        Softmax(z, scores);
    }

    /// <summary>Refuses a list of classes that is not at least two distinct, non-empty names in ordinal order.</summary>
    internal static void CheckLabels(ValueList<string> labels, string parameter)
    {
        if (labels.Count < 2) throw new ArgumentException($"{labels.Count} classes are given, expected at least 2", parameter);
        for (int i = 0; i < labels.Count; i++)
        {
            if (string.IsNullOrEmpty(labels[i])) throw new ArgumentException($"class {i} has no name", parameter);
            if (i > 0 && string.CompareOrdinal(labels[i - 1], labels[i]) >= 0) throw new ArgumentException($"class '{DisplayText.Escape(labels[i])}' stands after '{DisplayText.Escape(labels[i - 1])}', expected distinct names in ordinal order", parameter);
        }
    }

    // The largest number is subtracted first, so that no exponential overflows.
    private static void Softmax(double[] z, Span<float> scores)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (double v in z) max = Math.Max(max, v);
        for (int c = 0; c < z.Length; c++) sum += z[c] = Math.Exp(z[c] - max);
        for (int c = 0; c < z.Length; c++) scores[c] = (float)(z[c] / sum);
    }
}
