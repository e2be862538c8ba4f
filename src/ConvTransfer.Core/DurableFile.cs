using System.Runtime.InteropServices;

namespace ConvTransfer.Core;

/// <summary>The one place that saves files: after a crash at any moment the target is the whole old or the whole new file.</summary>
/// <remarks>
/// Order: write a temporary file in the same folder, fsync it, rename it over the target, fsync the folder.
/// fsync goes through P/Invoke because the base library's flush hides its failure. A rename across file systems is an error, never a copy.
/// </remarks>
public static partial class DurableFile
{
    /// <summary>The ending of temporary files, by which leftovers of a killed process can be recognised.</summary>
    public const string TemporarySuffix = ".convtransfer-tmp";

    /// <summary>Writes a file as a whole.</summary>
    /// <param name="path">The target; its folder must exist.</param>
    /// <param name="write">Writes the content to the stream it is given.</param>
    /// <param name="synchronise">False to leave out both fsyncs: still whole or as it was when the process is killed, but not when the power fails. For what can be computed again.</param>
    /// <exception cref="ConvTransferException">The file cannot be written (<see cref="FailureCause.Output"/>); the target is as it was.</exception>
    public static void Save(string path, Action<Stream> write, bool synchronise = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full) ?? throw Failed(path, "it names no file");
        if (Directory.Exists(full)) throw Failed(path, "it is a folder");
        if (File.Exists(full) && (File.GetAttributes(full) & (FileAttributes.Device | FileAttributes.ReparsePoint)) != 0 && !IsRegular(full)) throw Failed(path, "it is not a regular file");
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}{TemporarySuffix}");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush();
                if (synchronise) SyncFile(stream);
            }
            Replace(temporary, full);
            if (synchronise) SyncFolder(folder);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException or NotSupportedException) throw Failed(path, e.Message, e);
            throw;
        }
    }

    /// <summary>Writes a file as a whole.</summary>
    /// <inheritdoc cref="Save(string, Action{Stream}, bool)"/>
    public static void Save(string path, ReadOnlyMemory<byte> content, bool synchronise = true) => Save(path, stream => stream.Write(content.Span), synchronise);

    private static ConvTransferException Failed(string path, string reason, Exception? inner = null) =>
        new(FailureCause.Output, $"cannot be written: {DisplayText.Escape(reason, 500)}", path, innerException: inner);

    private static bool IsRegular(string path)
    {
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true);
        return target is null || (target.Exists && (target.Attributes & FileAttributes.Device) == 0);
    }

    private static void Replace(string from, string to)
    {
        if (OperatingSystem.IsWindows()) File.Move(from, to, overwrite: true);
        else if (Native.rename(from, to) != 0) throw new IOException($"rename failed: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static void SyncFile(FileStream stream)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!Native.FlushFileBuffers(stream.SafeFileHandle)) throw new IOException($"flush failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        else if (Native.fsync((int)stream.SafeFileHandle.DangerousGetHandle()) != 0)
        {
            throw new IOException($"fsync failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private static void SyncFolder(string folder)
    {
        // Windows offers no handle to a folder's entries; its rename is journalled by the file system.
        if (OperatingSystem.IsWindows()) return;
        int handle = Native.open(folder, 0);
        if (handle < 0) throw new IOException($"open of the folder failed: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (Native.fsync(handle) != 0) throw new IOException($"fsync of the folder failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Native.close(handle);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one that the user must see.
        }
    }

    private static partial class Native
    {
        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int open(string path, int flags);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int close(int handle);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int fsync(int handle);

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int rename(string from, string to);

        [LibraryImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static partial bool FlushFileBuffers(Microsoft.Win32.SafeHandles.SafeFileHandle handle);
    }
}
