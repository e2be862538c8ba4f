using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Runtime.Caching;

/// <summary>The part of the cache that lies in memory. Safe for concurrent use: numbers are copied outside the lock, and an entry that is being read is freed afterwards.</summary>
internal sealed unsafe class MemoryTier(long limitBytes) : IDisposable
{
    /// <summary>What an entry takes beside its numbers: the index, the objects, and the rounding of a block.</summary>
    public const int EntryOverheadBytes = 512;

    private readonly TierIndex _index = new(limitBytes);
    private readonly Dictionary<ActivationKey, Entry> _entries = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>Bytes that the tier takes.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_lock) return _index.UsedBytes;
        }
    }

    /// <summary>The scopes that entries are held of.</summary>
    public ContentHash[] Scopes
    {
        get
        {
            lock (_lock) return _index.Scopes;
        }
    }

    /// <summary>Copies an entry's numbers; false when it is not held.</summary>
    /// <exception cref="ArgumentException">The entry has other lengths.</exception>
    public bool TryRead(ActivationKey key, ReadOnlySpan<Tensor> destination)
    {
        Entry? entry;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _index.Touch(key.Scope);
            if (!_entries.TryGetValue(key, out entry)) return false;
            entry.Holders++;
        }
        try
        {
            EntryFile.RequireLengths(entry.Lengths, destination);
            byte* from = entry.Memory.Pointer;
            foreach (var tensor in destination)
            {
                NativeMemory.Copy(from, tensor.Pointer, (nuint)tensor.ByteCount);
                from += tensor.ByteCount;
            }
            return true;
        }
        finally
        {
            Release(entry);
        }
    }

    /// <summary>Keeps a copy, if there is room.</summary>
    public void Write(ActivationKey key, ReadOnlySpan<Tensor> tensors)
    {
        long bytes = 0;
        foreach (var tensor in tensors) bytes += tensor.ByteCount;
        var dropped = new List<ActivationKey>();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _index.Touch(key.Scope);
            if (!_index.TryReserve(key, bytes + EntryOverheadBytes, dropped)) return;
            foreach (var old in dropped)
                if (_entries.Remove(old, out var gone)) ReleaseLocked(gone);
        }
        var entry = new Entry(new AlignedMemory(bytes), EntryFile.LengthsOf(tensors));
        byte* to = entry.Memory.Pointer;
        foreach (var tensor in tensors)
        {
            NativeMemory.Copy(tensor.Pointer, to, (nuint)tensor.ByteCount);
            to += tensor.ByteCount;
        }
        lock (_lock)
        {
            // Dropped again, or the tier was closed, while it was copied.
            if (_disposed || _index.BytesOf(key) is null) ReleaseLocked(entry);
            else _entries[key] = entry;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            foreach (var entry in _entries.Values) ReleaseLocked(entry);
            _entries.Clear();
        }
    }

    private void Release(Entry entry)
    {
        lock (_lock) ReleaseLocked(entry);
    }

    private static void ReleaseLocked(Entry entry)
    {
        if (--entry.Holders == 0) entry.Memory.Dispose();
    }

    /// <summary>One entry; the tier is its first holder, who reads it another.</summary>
    private sealed class Entry(AlignedMemory memory, long[] lengths)
    {
        public AlignedMemory Memory => memory;

        public long[] Lengths => lengths;

        public int Holders { get; set; } = 1;
    }
}
