using ConvTransfer.Core;

namespace ConvTransfer.Runtime.Caching;

/// <summary>Which entries a tier of the cache holds, and which of them make room for a new one. Not safe for concurrent use.</summary>
/// <remarks>
/// Training goes over its pictures again and again. To drop the entry that was used least recently would then drop each one just before it is needed; so entries of a
/// scope in use stay, and what does not fit beside them is not kept. A scope is out of use when more entries were asked for since than the tier holds, as
/// those of a frontier that has moved, or of an earlier run; its entries go first come, first gone, the scope that was used least recently first.
/// </remarks>
internal sealed class TierIndex(long limitBytes)
{
    private readonly Dictionary<ActivationKey, long> _bytes = [];
    private readonly Dictionary<ContentHash, Scope> _scopes = [];
    private long _now;

    /// <summary>Bytes of all entries.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>The number of entries.</summary>
    public int Count => _bytes.Count;

    /// <summary>The scopes that entries are held of.</summary>
    public ContentHash[] Scopes => [.. _scopes.Where(s => s.Value.Bytes > 0).Select(s => s.Key)];

    /// <summary>Bytes of an entry; null when the tier does not hold it.</summary>
    public long? BytesOf(ActivationKey key) => _bytes.TryGetValue(key, out long bytes) ? bytes : null;

    /// <summary>Notes that an entry of this scope is asked for or offered.</summary>
    public void Touch(ContentHash scope)
    {
        _now++;
        if (_scopes.TryGetValue(scope, out var state)) state.LastUse = _now;
    }

    /// <summary>Notes an entry that is there already, of a scope that nobody has used yet.</summary>
    public void Add(ActivationKey key, long bytes)
    {
        if (!_bytes.TryAdd(key, bytes)) return;
        UsedBytes += bytes;
        if (!_scopes.TryGetValue(key.Scope, out var scope)) _scopes[key.Scope] = scope = new Scope { LastUse = long.MinValue / 2 };
        scope.Keys.Enqueue(key);
        scope.Bytes += bytes;
    }

    /// <summary>Makes room for an entry and notes it.</summary>
    /// <param name="key">The entry.</param>
    /// <param name="bytes">What it takes.</param>
    /// <param name="dropped">Gets the entries that must go.</param>
    /// <returns>False when it is held already, or there is no room; then nothing changed.</returns>
    public bool TryReserve(ActivationKey key, long bytes, List<ActivationKey> dropped)
    {
        if (bytes > limitBytes || _bytes.ContainsKey(key)) return false;
        if (UsedBytes + bytes > limitBytes && !TryMakeRoom(key.Scope, bytes, dropped)) return false;
        Add(key, bytes);
        _scopes[key.Scope].LastUse = _now;
        return true;
    }

    /// <summary>Forgets an entry.</summary>
    public void Remove(ActivationKey key)
    {
        if (!_bytes.Remove(key, out long bytes)) return;
        UsedBytes -= bytes;
        _scopes[key.Scope].Bytes -= bytes;
    }

    /// <summary>Brings entries that were there already below the limit.</summary>
    /// <param name="dropped">Gets the entries that must go.</param>
    public void Shrink(List<ActivationKey> dropped) => TryMakeRoom(default, 0, dropped);

    private bool TryMakeRoom(ContentHash scope, long bytes, List<ActivationKey> dropped)
    {
        int count = Count;
        var idle = _scopes.Where(s => s.Key != scope && _now - s.Value.LastUse > count).OrderBy(s => s.Value.LastUse).ThenBy(s => s.Key.ToString(), StringComparer.Ordinal).ToArray();
        if (UsedBytes - idle.Sum(s => s.Value.Bytes) + bytes > limitBytes) return false;
        foreach (var (hash, state) in idle)
        {
            while (UsedBytes + bytes > limitBytes && state.Keys.TryDequeue(out var key))
            {
                if (!_bytes.ContainsKey(key)) continue;
                Remove(key);
                dropped.Add(key);
            }
            if (state.Keys.Count == 0) _scopes.Remove(hash);
        }
        return true;
    }

    private sealed class Scope
    {
        public Queue<ActivationKey> Keys { get; } = [];

        public long Bytes { get; set; }

        public long LastUse { get; set; }
    }
}
