namespace ConvTransfer.Core;

/// <summary>Keeps other processes, and others in this one, out of a folder. The kernel holds the lock, so it ends with the process in whatever way that ends.</summary>
public sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Takes the lock; the folder is made where there is none. The file of the lock goes with it, and the folder stays.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The name of the file that is locked.</param>
    /// <param name="taken">The failure when another has the lock: its cause.</param>
    /// <exception cref="ConvTransferException">Another has the lock, or the folder cannot be written (<see cref="FailureCause.Output"/>).</exception>
    public static FolderLock Take(string folder, string name, FailureCause taken)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ConvTransferException(FailureCause.Output, $"the folder cannot be made: {DisplayText.Escape(e.Message, 500)}", folder, innerException: e);
        }
        try
        {
            return new FolderLock(new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ConvTransferException(FailureCause.Output, $"the folder cannot be written: {DisplayText.Escape(e.Message, 500)}", folder, innerException: e);
        }
        catch (IOException e)
        {
            throw new ConvTransferException(taken, $"another run has this folder: {DisplayText.Escape(e.Message, 500)}", folder, innerException: e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
