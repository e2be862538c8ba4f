namespace ConvTransfer.Tests.Common;

/// <summary>A folder of a test's own, which goes when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Makes the folder.</summary>
    public TemporaryFolder() => Directory.CreateDirectory(Root);

    /// <summary>The folder.</summary>
    public string Root { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"convtransfer-test-{Guid.NewGuid():N}");

    /// <summary>The path of something in it.</summary>
    public string Path(string name) => System.IO.Path.Combine(Root, name);

    /// <summary>The names of everything in it, in ordinal order.</summary>
    public IEnumerable<string> Names() => Directory.EnumerateFileSystemEntries(Root).Select(p => System.IO.Path.GetFileName(p)!).Order(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Root, recursive: true);
}
