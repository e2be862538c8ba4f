using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>The optimisers in float64, an element at a time, as their sources have them.</summary>
/// <remarks>
/// Momentum and Nesterov: Sutskever et al., On the Importance of Initialization and Momentum in Deep Learning, 2013, (1) to (4), in the form of PyTorch's SGD, whose rate multiplies the whole velocity.
/// Adam: Kingma and Ba, 2015, algorithm 1, with weight decay in the gradient. AdamW: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2, where as in PyTorch the rate multiplies the decay too.
/// </remarks>
/// <param name="options">The optimiser and its numbers.</param>
/// <param name="rate">The learning rate.</param>
/// <param name="decay">The weight decay.</param>
/// <param name="weights">The weights; moved.</param>
internal sealed class PlainOptimizer(FineTuneOptions options, double rate, double decay, double[] weights)
{
    private readonly double[] _first = new double[weights.Length], _second = new double[weights.Length];
    private int _steps;

    public double[] Weights => weights;

    /// <summary>Moves the weights.</summary>
    /// <param name="gradient">Their gradient.</param>
    /// <param name="factor">The schedule's factor on the rate.</param>
    public void Step(ReadOnlySpan<double> gradient, double factor = 1)
    {
        _steps++;
        for (int i = 0; i < weights.Length; i++)
        {
            double w = weights[i], decayed = gradient[i] + (decay * w);
            weights[i] = options.Optimizer switch
            {
                OptimizerKind.Sgd => w - (rate * factor * Momentum(i, decayed)),
                OptimizerKind.Adam => w - (rate * factor * Adam(i, decayed)),
                _ => w - (rate * factor * (Adam(i, gradient[i]) + (decay * w))),
            };
        }
    }

    private double Momentum(int i, double g)
    {
        _first[i] = (options.Momentum * _first[i]) + g;
        return options.Nesterov ? g + (options.Momentum * _first[i]) : _first[i];
    }

    private double Adam(int i, double g)
    {
        _first[i] = (options.Beta1 * _first[i]) + ((1 - options.Beta1) * g);
        _second[i] = (options.Beta2 * _second[i]) + ((1 - options.Beta2) * g * g);
        double m = _first[i] / (1 - Math.Pow(options.Beta1, _steps)), v = _second[i] / (1 - Math.Pow(options.Beta2, _steps));
        return m / (Math.Sqrt(v) + options.Epsilon);
    }
}
