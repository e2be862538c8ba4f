using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Runtime.Caching;

/// <summary>Keeps what a frozen part of a network gives for pictures, so that it is computed once: in memory up to a limit, and in a folder when one is named. Safe for concurrent use.</summary>
/// <remarks>
/// What is read has the bits that were written. A key names everything that activations depend on, so an entry is never wrong, only missing: because it was never
/// written, had no room, was dropped for a scope in use, or its file is damaged. Nothing is written outside the folder, and without one nothing to disk.
/// </remarks>
public sealed class ActivationCache : IDisposable
{
    /// <summary>Bytes that files may have together where the caller gives no limit.</summary>
    public const long DefaultDiskBytes = 16L << 30;

    private readonly MemoryTier _memory;
    private readonly DiskTier? _disk;
    private long _memoryHits;
    private long _diskHits;
    private long _misses;

    /// <summary>Opens a cache.</summary>
    /// <param name="memoryBytes">Bytes of memory that entries may take; 0 for none.</param>
    /// <param name="folder">Where entries are kept beyond this run; made if there is none. Null for memory only. One process uses a folder at a time.</param>
    /// <param name="diskBytes">Bytes that files may have together.</param>
    /// <param name="report">Told of damaged files and of what cannot be written, from any thread; or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is negative.</exception>
    /// <exception cref="ConvTransferException">The folder cannot be made or listed (<see cref="FailureCause.Output"/>).</exception>
    public ActivationCache(long memoryBytes, string? folder = null, long diskBytes = DefaultDiskBytes, Action<Problem>? report = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(memoryBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(diskBytes);
        if (folder is not null) ArgumentException.ThrowIfNullOrEmpty(folder);
        MemoryLimitBytes = memoryBytes;
        DiskLimitBytes = folder is null ? 0 : diskBytes;
        _memory = new MemoryTier(memoryBytes);
        _disk = folder is null ? null : new DiskTier(folder, diskBytes, report);
    }

    /// <summary>Bytes of memory that entries may take.</summary>
    public long MemoryLimitBytes { get; }

    /// <summary>Bytes that files may have together; 0 where nothing is written to disk.</summary>
    public long DiskLimitBytes { get; }

    /// <summary>What the cache did so far, and what it holds.</summary>
    public ActivationCounters Counters => new(
        Interlocked.Read(ref _memoryHits), Interlocked.Read(ref _diskHits), Interlocked.Read(ref _misses), _disk?.Damaged ?? 0, _memory.UsedBytes, _disk?.UsedBytes ?? 0);

    /// <summary>The hashes of the scopes that entries are kept of, <see cref="ActivationScope.Hash"/>.</summary>
    public IReadOnlySet<ContentHash> Scopes => _memory.Scopes.Concat(_disk?.Scopes ?? []).ToHashSet();

    /// <summary>Reads an entry into the caller's tensors.</summary>
    /// <param name="key">The key.</param>
    /// <param name="destination">float32 tensors, as many and as long as were written; their shapes may differ. Unchanged when nothing is found.</param>
    /// <returns>False when there is no such entry.</returns>
    /// <exception cref="ArgumentException">A tensor is not float32, or the entry has another number of tensors or other lengths.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed.</exception>
    public bool TryRead(ActivationKey key, params ReadOnlySpan<Tensor> destination)
    {
        Check(destination);
        if (_memory.TryRead(key, destination))
        {
            Interlocked.Increment(ref _memoryHits);
            return true;
        }
        if (_disk is null || !_disk.TryRead(key, destination))
        {
            Interlocked.Increment(ref _misses);
            return false;
        }
        Interlocked.Increment(ref _diskHits);
        _memory.Write(key, destination);
        return true;
    }

    /// <summary>Keeps a copy of the tensors, where there is room. An entry that is there already stays as it is.</summary>
    /// <param name="key">The key.</param>
    /// <param name="tensors">float32 tensors; not changed.</param>
    /// <exception cref="ArgumentException">A tensor is not float32.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed.</exception>
    public void Write(ActivationKey key, params ReadOnlySpan<Tensor> tensors)
    {
        Check(tensors);
        _memory.Write(key, tensors);
        _disk?.Write(key, tensors);
    }

    /// <summary>Frees the memory; the files stay.</summary>
    public void Dispose() => _memory.Dispose();

    private static void Check(ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            ArgumentNullException.ThrowIfNull(tensor, nameof(tensors));
            if (tensor.ElementType != ElementType.Float32) throw new ArgumentException($"the cache keeps float32, not {tensor}", nameof(tensors));
        }
    }
}
