using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Engine.Convolution;

/// <summary>Weights in the order in which a kernel reads them. Immutable; owned by whoever made them.</summary>
internal sealed unsafe class PackedWeights(long elements) : IPackedOperand
{
    private readonly AlignedMemory _memory = new(checked(elements * sizeof(float)));

    /// <summary>The first element.</summary>
    public float* Pointer => (float*)_memory.Pointer;

    public long NativeBytes => _memory.NativeBytes;

    public void Dispose() => _memory.Dispose();
}
