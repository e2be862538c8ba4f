using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Training;

/// <summary>One sample of a batch.</summary>
/// <param name="Index">The sample's number, from 0.</param>
/// <param name="Epoch">The epoch in which it is seen, from 0; -1 where the network is tried and not trained: then nothing is augmented.</param>
public readonly record struct SampleView(int Index, int Epoch);

/// <summary>Where a training gets its samples from. It never sees a picture.</summary>
public interface ISampleSource
{
    /// <summary>The number of samples.</summary>
    int Count { get; }

    /// <summary>The class of a sample.</summary>
    int Label(int index);

    /// <summary>Writes a batch.</summary>
    /// <param name="views">The samples, one for each index of axis 0.</param>
    /// <param name="values">A tensor for each value of the frontier between what is frozen and what is trained, in its order: float32, axis 0 the batch.</param>
    /// <param name="cancellationToken">Stops in the middle; the tensors are then undefined.</param>
    void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken);
}
