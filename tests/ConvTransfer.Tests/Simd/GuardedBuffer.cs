using ConvTransfer.Core;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Tests.Simd;

/// <summary>Float32 memory with NaN in front and behind: a read past the ends poisons the result, a write is seen. The data start at an odd place.</summary>
internal sealed unsafe class GuardedBuffer : IDisposable
{
    private const int Guard = 67;
    private readonly AlignedMemory _memory;

    /// <summary>A buffer of normally distributed numbers, or of NaN that must be overwritten.</summary>
    public GuardedBuffer(long length, int? seed = null, bool aligned = false)
    {
        Length = checked((int)length);
        int front = aligned ? 64 : Guard;
        _memory = new AlignedMemory((front + length + Guard) * sizeof(float));
        new Span<float>(_memory.Pointer, front + Length + Guard).Fill(float.NaN);
        Pointer = (float*)_memory.Pointer + front;
        Front = front;
        if (seed is not int s) return;
        var random = new CounterRandom(s);
        foreach (ref float value in Span) value = (float)random.NextNormal();
    }

    private int Front { get; }

    public int Length { get; }

    public float* Pointer { get; }

    public Span<float> Span => new(Pointer, Length);

    /// <summary>Fails when something was written beside the buffer.</summary>
    public void AssertGuardsStand(string what)
    {
        for (int i = 1; i <= Front; i++) Assert.True(float.IsNaN(Pointer[-i]), $"{what}: wrote {i} in front");
        for (int i = 0; i < Guard; i++) Assert.True(float.IsNaN(Pointer[Length + i]), $"{what}: wrote {i} behind the end");
    }

    public void Dispose() => _memory.Dispose();
}

/// <summary>The widths on which every kernel is tried in one process.</summary>
public static class Widths
{
    /// <summary>All of them; where the hardware lacks one it is emulated.</summary>
    internal static VectorWidth[] All { get; } = Enum.GetValues<VectorWidth>();
}
