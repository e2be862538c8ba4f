using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>The epochs of a training in which the same layers are frozen: what is computed ahead for them, and what is trained.</summary>
public sealed class TrainingPhase
{
    internal TrainingPhase(int epoch, LayerList layers, NetworkSplit split)
    {
        Epoch = epoch;
        Layers = layers;
        Split = split;
        First = split.First();
    }

    /// <summary>The epoch it begins with, from 0.</summary>
    public int Epoch { get; }

    /// <summary>The part of the network that no step of this phase changes, from the input to <see cref="Frontier"/>; null when the input itself is the frontier.</summary>
    /// <remarks>Its weights are those of the source: no phase freezes what was trained before.</remarks>
    public Model? First { get; }

    /// <summary>The names of the values that a sample source writes: made by <see cref="First"/>, or the network's input.</summary>
    public IReadOnlyList<string> Frontier => Split.Frontier;

    /// <summary>The types of the values of the frontier for a batch.</summary>
    public IReadOnlyList<TensorType> FrontierTypes => Split.FrontierTypes;

    /// <summary>The names of the weights that are trained.</summary>
    public IReadOnlyList<string> TrainedWeights => Split.Parameters;

    internal LayerList Layers { get; }

    internal NetworkSplit Split { get; }
}
