using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Operators;

/// <summary>Random weights that keep the size of the activations through layers of rectifiers.</summary>
/// <remarks>Source: He, Zhang, Ren and Sun 2015, "Delving deep into rectifiers", equation 10: normal with mean 0 and variance 2 / fan-in.</remarks>
public static class HeInitialization
{
    /// <summary>float32 weights.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="dims">Its dims, as [outputs, inputs / groups, kernel…] for a convolution or [outputs, inputs] for a dense layer.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="layer">A number that is another for each layer of a network.</param>
    /// <exception cref="ArgumentException">There are fewer than two dims, or one is not positive.</exception>
    public static TensorData Weights(string name, IReadOnlyList<long> dims, long seed, long layer)
    {
        ArgumentNullException.ThrowIfNull(dims);
        if (dims.Count < 2 || dims.Any(d => d <= 0)) throw new ArgumentException($"weights have at least two positive dims, not [{string.Join(", ", dims)}]", nameof(dims));
        long fanIn = dims.Skip(1).Aggregate(1L, (a, b) => checked(a * b));
        double deviation = System.Math.Sqrt(2.0 / fanIn);
        var random = new CounterRandom(seed, sample: layer, purpose: 1);
        float[] values = new float[checked(fanIn * dims[0])];
        for (int i = 0; i < values.Length; i++) values[i] = (float)(deviation * random.NextNormal());
        return TensorData.From<float>(name, [.. dims], values);
    }
}
