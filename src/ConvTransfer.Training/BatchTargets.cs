using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

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

    /// <summary>Mixes each sample with another one of the batch: x = share · x + (1 − share) · partner, values and targets alike.</summary>
    /// <param name="random">Draws the share and the partners.</param>
    /// <param name="alpha">The parameter of the share's Beta distribution.</param>
    /// <param name="tensors">Tensors whose axis 0 is the batch.</param>
    public static void Mix(ref CounterRandom random, double alpha, params ReadOnlySpan<Tensor> tensors)
    {
        int batch = (int)tensors[0].Shape[0];
        int[] partners = [.. Enumerable.Range(0, batch)];
        random.Shuffle<int>(partners);
        double first = Gamma(ref random, alpha), second = Gamma(ref random, alpha);
        float share = first + second > 0 ? (float)(first / (first + second)) : 0.5f;
        foreach (var tensor in tensors)
        {
            var values = tensor.AsSpan<float>();
            float[] before = values.ToArray();
            int length = values.Length / batch;
            for (int i = 0; i < batch; i++)
                for (int j = 0; j < length; j++) values[(i * length) + j] = (share * before[(i * length) + j]) + ((1 - share) * before[(partners[i] * length) + j]);
        }
    }

    private double Weight(int label) => classWeights?[label] ?? 1;

    // Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, 2000; below shape 1 through Gamma(shape + 1) · U^(1/shape).
    private static double Gamma(ref CounterRandom random, double shape)
    {
        if (shape < 1) return Gamma(ref random, shape + 1) * Math.Pow(1 - random.NextDouble(), 1 / shape);
        double d = shape - (1.0 / 3), c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextNormal(), v = Math.Pow(1 + (c * x), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v))) return d * v;
        }
    }
}
