using ConvTransfer.Core;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime.Caching;

/// <summary>Everything but the picture that activations depend on: the part of the network that gives them, how pictures are made ready, and the machine's and this program's arithmetic.</summary>
/// <remarks>Activations are kept under a hash of all of it. They have the same bits whatever the number of threads and the rest of a batch, so these are no part of it.</remarks>
public sealed class ActivationScope
{
    // Raised when the meaning or the form of what is kept changes.
    private const int Version = 1;

    /// <summary>Describes what computes activations on this machine.</summary>
    /// <param name="network">The network.</param>
    /// <param name="outputs">Names of the values that are kept, in order; null for the graph's outputs.</param>
    /// <param name="preparation">How pictures become the network's input, as a text that is another one when the input may be another one: recipe, augmentation, decoder.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">The graph's structure is broken; every problem is listed.</exception>
    public ActivationScope(Model network, IEnumerable<string>? outputs, string preparation, Limits? limits = null)
        : this(ModelHash.Of(network, outputs, limits), preparation, InstructionSet.Name, KernelVersion.Text)
    {
    }

    /// <summary>Describes what computes activations.</summary>
    /// <param name="network">The hash of the nodes and weights.</param>
    /// <param name="preparation">How pictures become the network's input.</param>
    /// <param name="instructionSet">What of the processor decides bits.</param>
    /// <param name="kernels">The version of the code that computes.</param>
    internal ActivationScope(ContentHash network, string preparation, string instructionSet, string kernels)
    {
        ArgumentNullException.ThrowIfNull(preparation);
        using var hasher = new ContentHasher();
        hasher.Add(Version);
        hasher.Add(network);
        hasher.Add(preparation);
        hasher.Add(instructionSet);
        hasher.Add(kernels);
        Hash = hasher.Finish();
    }

    /// <summary>The hash of the scope.</summary>
    public ContentHash Hash { get; }

    /// <summary>The key of a picture's activations.</summary>
    /// <param name="picture">The hash of the picture's file.</param>
    /// <param name="view">The numbers that its view depends on, such as seed, view and sample; none for the unvaried picture.</param>
    public ActivationKey Key(ContentHash picture, params ReadOnlySpan<long> view)
    {
        using var hasher = new ContentHasher();
        hasher.Add(Hash);
        hasher.Add(picture);
        hasher.Add(view.Length);
        foreach (long number in view) hasher.Add(number);
        return new ActivationKey(Hash, hasher.Finish());
    }
}
