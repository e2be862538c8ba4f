using System.Runtime.InteropServices;

namespace ConvTransfer.Engine.Tensors;

/// <summary>A block of native memory, aligned to 64 bytes (a cache line and the widest vector), owned by exactly one holder.</summary>
public sealed unsafe class AlignedMemory : IDisposable
{
    /// <summary>The alignment of every block in bytes.</summary>
    public const int Alignment = 64;

    private static long _live, _peak;
    private byte* _pointer;

    /// <summary>Allocates a block; its content is undefined unless <paramref name="zeroed"/>.</summary>
    /// <exception cref="OutOfMemoryException">The system has not enough memory. Sizes are planned and held against a limit before it comes to this.</exception>
    public AlignedMemory(long byteCount, bool zeroed = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        ByteCount = byteCount;
        // At least one line, so that an empty tensor has an address too, and a multiple of the alignment, so that a vector may be stored at the end.
        nuint size = (nuint)Rounded(byteCount);
        _pointer = (byte*)NativeMemory.AlignedAlloc(size, Alignment);
        if (zeroed) NativeMemory.Clear(_pointer, size);
        NativeBytes = (long)size;
        GC.AddMemoryPressure(NativeBytes);
        long live = Interlocked.Add(ref _live, NativeBytes);
        for (long peak = Interlocked.Read(ref _peak); live > peak;)
        {
            long found = Interlocked.CompareExchange(ref _peak, live, peak);
            if (found == peak) break;
            peak = found;
        }
    }

    /// <summary>The bytes that a block of so many takes.</summary>
    internal static long Rounded(long byteCount) => Math.Max(Alignment, (byteCount + Alignment - 1) / Alignment * Alignment);

    /// <summary>Frees a block whose holder was lost.</summary>
    ~AlignedMemory() => Free();

    /// <summary>Bytes of all blocks of the process that are not freed.</summary>
    internal static long LiveBytes => Interlocked.Read(ref _live);

    /// <summary>The most that <see cref="LiveBytes"/> has been since <see cref="ResetPeak"/>, or since the start.</summary>
    internal static long PeakBytes => Interlocked.Read(ref _peak);

    /// <summary>Lets <see cref="PeakBytes"/> begin anew at what is live.</summary>
    internal static void ResetPeak() => Interlocked.Exchange(ref _peak, LiveBytes);

    /// <summary>The bytes that the block takes: what was asked for, in whole cache lines.</summary>
    internal long NativeBytes { get; }

    /// <summary>The number of bytes asked for.</summary>
    public long ByteCount { get; }

    /// <summary>The address of the first byte.</summary>
    /// <exception cref="ObjectDisposedException">The block was freed.</exception>
    internal byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>Frees the block. A second call does nothing.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer is null) return;
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        Interlocked.Add(ref _live, -NativeBytes);
        GC.RemoveMemoryPressure(NativeBytes);
    }
}
