namespace ConvTransfer.Training;

/// <summary>Writes the targets of a batch: what each sample's probabilities should be, times the sample's share of the loss.</summary>
/// <remarks>With them the loss is the mean cross-entropy, weighted by class: Σ w(label) · −log p(label) / Σ w(label). Smoothing takes a share of each target and spreads it over all classes.</remarks>
internal sealed class BatchTargets(int classes, double smoothing, double[]? classWeights)
{
    /// <summary>Weights under which each class counts the same: samples / (classes · samples of the class).</summary>
    public static double[] Balanced(ISampleSource source, int classes)
    {
        double[] counts = new double[classes];
        for (int i = 0; i < source.Count; i++) counts[source.Label(i)]++;
        return Array.ConvertAll(counts, c => c == 0 ? 0 : source.Count / (classes * c));
    }

    /// <summary>Writes the targets.</summary>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="target">[batch, classes].</param>
    public void Write(ReadOnlySpan<int> labels, Span<float> target)
    {
        double total = 0;
        foreach (int label in labels) total += Weight(label);
        for (int i = 0; i < labels.Length; i++)
        {
            double share = total == 0 ? 0 : Weight(labels[i]) / total;
            for (int c = 0; c < classes; c++) target[(i * classes) + c] = (float)(share * ((smoothing / classes) + (c == labels[i] ? 1 - smoothing : 0)));
        }
    }

    private double Weight(int label) => classWeights?[label] ?? 1;
}
