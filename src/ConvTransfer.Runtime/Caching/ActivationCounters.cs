namespace ConvTransfer.Runtime.Caching;

/// <summary>What a cache did and holds.</summary>
/// <param name="MemoryHits">Entries that were read from memory.</param>
/// <param name="DiskHits">Entries that were read from files.</param>
/// <param name="Misses">Entries that were asked for and not there.</param>
/// <param name="Damaged">Files that were found damaged, and removed.</param>
/// <param name="MemoryBytes">Bytes that the entries in memory take.</param>
/// <param name="DiskBytes">Bytes of the entries' files.</param>
public readonly record struct ActivationCounters(long MemoryHits, long DiskHits, long Misses, long Damaged, long MemoryBytes, long DiskBytes)
{
    /// <summary>Entries that were read.</summary>
    public long Hits => MemoryHits + DiskHits;
}
