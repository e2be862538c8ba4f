using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>The numbers that a training changes: the weights, and the running statistics that follow the batches. Owns its tensors.</summary>
internal sealed class TrainedWeights : IDisposable
{
    /// <summary>Copies the initializers of a network.</summary>
    public TrainedWeights(NetworkSplit split)
    {
        Names = [.. split.Parameters, .. split.StatisticsNames()];
        ParameterCount = split.Parameters.Length;
        All = new Tensor[Names.Length];
        for (int i = 0; i < All.Length; i++)
        {
            All[i] = split.Initializer(Names[i]).ToTensor();
        }
    }

    /// <summary>The names of the initializers: first the weights, then the statistics.</summary>
    public string[] Names { get; }

    /// <summary>The values, in the order of the names.</summary>
    public Tensor[] All { get; }

    /// <summary>How many of them are weights.</summary>
    public int ParameterCount { get; }

    /// <summary>The weights.</summary>
    public ReadOnlySpan<Tensor> Parameters => All.AsSpan(0, ParameterCount);

    /// <summary>The statistics: mean and variance of each normalization in turn.</summary>
    public ReadOnlySpan<Tensor> Statistics => All.AsSpan(ParameterCount);

    /// <summary>A copy of all numbers, in the arrays of an earlier one where there is one.</summary>
    public float[][] Copy(float[][]? earlier = null)
    {
        earlier ??= Array.ConvertAll(All, t => new float[t.ElementCount]);
        for (int i = 0; i < All.Length; i++) All[i].AsSpan<float>().CopyTo(earlier[i]);
        return earlier;
    }

    /// <summary>Takes numbers back that <see cref="Copy"/> gave.</summary>
    public void Restore(float[][] values)
    {
        for (int i = 0; i < All.Length; i++) values[i].CopyTo(All[i].AsSpan<float>());
    }

    /// <summary>The index of the first tensor that holds an infinite number or none at all; -1 where all are finite.</summary>
    public int FirstNotFinite() => Array.FindIndex(All, t => NonFiniteSearch.FirstIn(t.AsSpan<float>()) >= 0);

    /// <summary>The values as initializers.</summary>
    public IReadOnlyList<TensorData> ToData() => [.. Names.Select((name, i) => TensorData.From(name, All[i]))];

    public void Dispose()
    {
        foreach (var tensor in All) tensor.Dispose();
    }
}
