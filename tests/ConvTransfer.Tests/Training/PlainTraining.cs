using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Softmax regression by a plain loop in float64: what a training of a network of one dense layer must give.</summary>
/// <remarks>
/// Label smoothing: Szegedy et al., Rethinking the Inception Architecture, 2016, section 7. A sample counts as its class does, and a batch's loss is divided by what its samples count together.
/// Clipping by the norm over all weights: Pascanu et al., On the Difficulty of Training Recurrent Neural Networks, 2013, algorithm 1.
/// The running average follows TensorFlow's ExponentialMovingAverage with num_updates: its decay is at most (1 + steps) / (10 + steps).
/// </remarks>
/// <param name="options">How it is trained. The rate is the head's.</param>
/// <param name="x">The samples.</param>
/// <param name="labels">Their classes.</param>
/// <param name="classWeights">How much a sample of each class counts.</param>
/// <param name="weights">The weights, class by class; copied.</param>
/// <param name="bias">The biases; copied.</param>
internal sealed class PlainTraining(FineTuneOptions options, double[][] x, int[] labels, double[] classWeights, double[] weights, double[] bias)
{
    private readonly PlainOptimizer _weights = new(options, options.HeadRate, options.WeightDecay, [.. weights]), _bias = new(options, options.HeadRate, 0, [.. bias]);
    private readonly int _width = weights.Length / bias.Length, _classes = bias.Length;
    private int _steps;

    /// <summary>The running average of weights and biases.</summary>
    public double[] Average { get; } = [.. weights, .. bias];

    /// <summary>Weights and biases as they are now.</summary>
    public double[] Now => [.. _weights.Weights, .. _bias.Weights];

    /// <summary>The steps whose gradient was shortened.</summary>
    public int Clipped { get; private set; }

    /// <summary>The loss of a batch and its gradient, weights first and then biases.</summary>
    public (double Loss, double[] Gradient) Batch(ReadOnlySpan<int> samples)
    {
        double loss = 0, all = 0;
        double[] gradient = new double[Average.Length];
        foreach (int sample in samples) all += classWeights[labels[sample]];
        foreach (int sample in samples)
        {
            double share = classWeights[labels[sample]] / all;
            double[] exponentials = new double[_classes];
            for (int c = 0; c < _classes; c++)
            {
                double logit = _bias.Weights[c];
                for (int i = 0; i < _width; i++) logit += _weights.Weights[(c * _width) + i] * x[sample][i];
                exponentials[c] = Math.Exp(logit);
            }
            double sum = exponentials.Sum();
            for (int c = 0; c < _classes; c++)
            {
                double p = exponentials[c] / sum, target = (c == labels[sample] ? 1 - options.LabelSmoothing : 0) + (options.LabelSmoothing / _classes);
                loss -= share * target * Math.Log(p);
                for (int i = 0; i < _width; i++) gradient[(c * _width) + i] += share * (p - target) * x[sample][i];
                gradient[(_classes * _width) + c] += share * (p - target);
            }
        }
        return (loss, gradient);
    }

    /// <summary>Trains for an epoch and gives the mean loss of its batches.</summary>
    /// <param name="order">The order of the samples; the last batch is filled up with the first ones.</param>
    /// <param name="factor">The factor on the rate in a batch of the epoch.</param>
    public double Epoch(int[] order, Func<int, double> factor)
    {
        int batches = (order.Length + options.BatchSize - 1) / options.BatchSize, collected = 0;
        double losses = 0;
        double[] sums = new double[Average.Length];
        for (int batch = 0; batch < batches; batch++)
        {
            int first = batch * options.BatchSize;
            var (loss, gradient) = Batch([.. Enumerable.Range(first, options.BatchSize).Select(i => order[i % order.Length])]);
            losses += loss;
            for (int i = 0; i < sums.Length; i++) sums[i] += gradient[i];
            if (++collected < options.Accumulate && batch < batches - 1) continue;
            Step(Array.ConvertAll(sums, s => s / collected), factor(batch));
            collected = 0;
            Array.Clear(sums);
        }
        return losses / batches;
    }

    private void Step(double[] gradient, double factor)
    {
        double norm = Math.Sqrt(gradient.Sum(g => g * g));
        if (options.ClipNorm > 0 && norm > options.ClipNorm)
        {
            Clipped++;
            gradient = Array.ConvertAll(gradient, g => g * options.ClipNorm / norm);
        }
        _weights.Step(gradient.AsSpan(0, _classes * _width), factor);
        _bias.Step(gradient.AsSpan(_classes * _width), factor);
        _steps++;
        double keep = Math.Min(options.AverageDecay, (1.0 + _steps) / (10.0 + _steps));
        double[] now = Now;
        for (int i = 0; i < now.Length; i++) Average[i] = (keep * Average[i]) + ((1 - keep) * now[i]);
    }
}
