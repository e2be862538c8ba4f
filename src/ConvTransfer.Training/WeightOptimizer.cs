using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Training;

/// <summary>Moves the weights against their gradients, and keeps the moments. Every weight has a rate of its own group, and decays or does not.</summary>
internal sealed class WeightOptimizer
{
    private readonly TrainedWeights _weights;
    private readonly FineTuneOptions _options;
    private readonly double[] _rates, _decays;
    private readonly long[] _starts;

    /// <summary>Starts with moments of 0.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="rates">The rate of each weight, before the schedule's factor.</param>
    /// <param name="decays">The decay of each weight.</param>
    /// <param name="options">The optimiser and its numbers.</param>
    /// <param name="starts">The steps before each weight is moved for the first time.</param>
    public WeightOptimizer(TrainedWeights weights, double[] rates, double[] decays, FineTuneOptions options, long[] starts)
    {
        _starts = starts;
        _weights = weights;
        _rates = rates;
        _decays = decays;
        _options = options;
        First = Array.ConvertAll(weights.Parameters.ToArray(), t => new float[t.ElementCount]);
        Second = options.Optimizer == OptimizerKind.Sgd ? [.. First.Select(_ => Array.Empty<float>())] : Array.ConvertAll(First, m => new float[m.Length]);
    }

    /// <summary>The steps taken.</summary>
    public long Steps { get; set; }

    /// <summary>The first moments, or the velocities.</summary>
    public float[][] First { get; }

    /// <summary>The second moments; empty where the optimiser has none.</summary>
    public float[][] Second { get; }

    /// <summary>Moves the weights by one step.</summary>
    /// <param name="gradient">Gives the gradient of a weight; empty for one that stays as it is.</param>
    /// <param name="factor">The schedule's factor on the rates.</param>
    /// <param name="gradientScale">The factor on the gradients.</param>
    /// <param name="crew">The threads.</param>
    public void Step(GradientOf gradient, double factor, double gradientScale, Crew crew)
    {
        Steps++;
        for (int i = 0; i < First.Length; i++)
        {
            var slope = gradient(i);
            if (slope.IsEmpty) continue;
            var tensor = _weights.Parameters[i];
            // What joined later has moments that began later.
            long steps = Steps - _starts[i];
            var settings = new UpdateSettings((UpdateRule)_options.Optimizer, (float)(_rates[i] * factor), (float)_decays[i])
            {
                Momentum = (float)_options.Momentum,
                Nesterov = _options.Nesterov,
                Beta1 = (float)_options.Beta1,
                Beta2 = (float)_options.Beta2,
                Epsilon = (float)_options.Epsilon,
                Correction1 = (float)(1 - Math.Pow(_options.Beta1, steps)),
                Correction2 = (float)(1 - Math.Pow(_options.Beta2, steps)),
                GradientScale = (float)gradientScale,
            };
            ParameterUpdate.Run(tensor.AsSpan<float>(), slope, First[i], Second[i], settings, crew);
        }
    }

    /// <summary>The gradient of the weight of that index.</summary>
    internal delegate ReadOnlySpan<float> GradientOf(int index);
}
