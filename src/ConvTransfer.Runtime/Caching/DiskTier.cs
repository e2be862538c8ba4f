using System.Buffers;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Runtime.Caching;

/// <summary>The part of the cache that lies in a folder: a folder for each scope, a file for each entry, named by their hashes. Safe for concurrent use by one process.</summary>
/// <remarks>Files of other names are left alone. What another process adds is seen when the folder is opened again; what it removes counts as missing.</remarks>
internal sealed class DiskTier
{
    private const string Suffix = ".activations";
    private readonly string _folder;
    private readonly Action<Problem>? _report;
    private readonly TierIndex _index;
    private readonly HashSet<ActivationKey> _unfinished = [];
    private readonly Lock _lock = new();
    private bool _refusing;
    private long _damaged;

    /// <summary>Opens a folder; it is made if there is none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="limitBytes">Bytes that the entries may have together; the oldest scopes' go when there are more.</param>
    /// <param name="report">Told of what is wrong with it, or null.</param>
    /// <exception cref="ConvTransferException">The folder cannot be made or listed (<see cref="FailureCause.Output"/>).</exception>
    public DiskTier(string folder, long limitBytes, Action<Problem>? report)
    {
        _folder = Path.GetFullPath(folder);
        _report = report;
        _index = new TierIndex(limitBytes);
        try
        {
            Directory.CreateDirectory(_folder);
            foreach (string scope in Directory.EnumerateDirectories(_folder).Order(StringComparer.Ordinal)) List(scope);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConvTransferException(FailureCause.Output, $"the folder of the cache cannot be used: {DisplayText.Escape(e.Message, 300)}", folder, innerException: e);
        }
        var dropped = new List<ActivationKey>();
        _index.Shrink(dropped);
        foreach (var key in dropped) Delete(PathOf(key));
    }

    /// <summary>Bytes of the entries' files.</summary>
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

    /// <summary>The number of files that were found damaged.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <summary>Copies an entry's numbers; false when it is not held, or damaged: then it is removed.</summary>
    /// <exception cref="ArgumentException">The entry has other lengths.</exception>
    public bool TryRead(ActivationKey key, ReadOnlySpan<Tensor> destination)
    {
        int bytes;
        lock (_lock)
        {
            _index.Touch(key.Scope);
            if (_unfinished.Contains(key) || _index.BytesOf(key) is not { } size) return false;
            bytes = (int)size;
        }
        string path = PathOf(key);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            if (Fault(path, key, buffer.AsMemory(0, bytes)) is { } fault)
            {
                Remove(key, path, fault);
                return false;
            }
            EntryFile.Decode(buffer.AsSpan(0, bytes), destination);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Keeps a copy, if there is room. After a file could not be written, which is reported, nothing more is.</summary>
    public void Write(ActivationKey key, ReadOnlySpan<Tensor> tensors)
    {
        long size = EntryFile.SizeOf(tensors);
        var dropped = new List<ActivationKey>();
        lock (_lock)
        {
            _index.Touch(key.Scope);
            if (_refusing || size > Array.MaxLength || !_index.TryReserve(key, size, dropped)) return;
            _unfinished.Add(key);
        }
        foreach (var old in dropped) Delete(PathOf(old));
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)size);
        EntryFile.Encode(key, tensors, buffer.AsSpan(0, (int)size));
        string? fault = Save(PathOf(key), buffer.AsMemory(0, (int)size));
        ArrayPool<byte>.Shared.Return(buffer);
        bool dropAgain;
        lock (_lock)
        {
            _unfinished.Remove(key);
            if (fault is not null)
            {
                _index.Remove(key);
                _refusing = true;
            }
            dropAgain = fault is null && _index.BytesOf(key) is null;
        }
        if (dropAgain) Delete(PathOf(key));
        if (fault is not null) _report?.Invoke(new Problem(FailureCause.Output, $"the cache keeps no more on disk: {fault}", IsWarning: true));
    }

    private string PathOf(ActivationKey key) => Path.Combine(_folder, key.Scope.ToString(), key.Entry + Suffix);

    private void List(string folder)
    {
        // A link may lead out of the folder that was named.
        if (HashIn(Path.GetFileName(folder)) is not { } scope || IsLink(folder)) return;
        int entries = 0;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles().OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            if (IsUnfinished(file.Name))
            {
                Delete(file.FullName);
            }
            else if (file.Name.EndsWith(Suffix, StringComparison.Ordinal) && HashIn(file.Name[..^Suffix.Length]) is { } entry && file.Length <= Array.MaxLength)
            {
                _index.Add(new ActivationKey(scope, entry), file.Length);
                entries++;
            }
        }
        if (entries == 0 && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
    }

    // What a killed process left while it wrote an entry.
    private static bool IsUnfinished(string name) =>
        name.EndsWith(DurableFile.TemporarySuffix, StringComparison.Ordinal) && name.IndexOf(Suffix, StringComparison.Ordinal) is > 0 and int end && name[0] == '.' && HashIn(name[1..end]) is not null;

    private static ContentHash? HashIn(string name)
    {
        Span<byte> bytes = stackalloc byte[ContentHash.Length];
        return name.Length == 2 * ContentHash.Length && !name.AsSpan().ContainsAnyInRange('A', 'F') && Convert.FromHexString(name, bytes, out _, out _) == OperationStatus.Done ? new ContentHash(bytes) : null;
    }

    private static bool IsLink(string folder) => (File.GetAttributes(folder) & FileAttributes.ReparsePoint) != 0;

    private static string? Fault(string path, ActivationKey key, Memory<byte> buffer)
    {
        try
        {
            WholeFile.ReadExactly(path, "an entry of the cache", FailureCause.DataInvalid, buffer);
            return EntryFile.Fault(key, buffer.Span);
        }
        catch (ConvTransferException e)
        {
            return e.Detail;
        }
    }

    private static string? Save(string path, ReadOnlyMemory<byte> content)
    {
        try
        {
            string folder = Path.GetDirectoryName(path)!;
            if (IsLink(Directory.CreateDirectory(folder).FullName)) return $"{DisplayText.Escape(folder)}: it is a link";
            DurableFile.Save(path, content, synchronise: false);
            return null;
        }
        catch (Exception e) when (e is ConvTransferException or IOException or UnauthorizedAccessException)
        {
            return DisplayText.Escape(e.Message, 500);
        }
    }

    private void Remove(ActivationKey key, string path, string fault)
    {
        lock (_lock) _index.Remove(key);
        // Somebody else removed it: nothing is wrong.
        if (!File.Exists(path)) return;
        Delete(path);
        Interlocked.Increment(ref _damaged);
        _report?.Invoke(new Problem(FailureCause.DataInvalid, $"{DisplayText.Escape(path, 4096)}: a damaged entry of the cache is removed: {fault}", IsWarning: true));
    }

    private void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _report?.Invoke(new Problem(FailureCause.Output, $"{DisplayText.Escape(path, 4096)}: an entry of the cache cannot be removed: {DisplayText.Escape(e.Message, 300)}", IsWarning: true));
        }
    }
}
