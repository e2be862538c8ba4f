using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ConvTransfer.Core;

/// <summary>Reads a whole ordinary file into memory. Never maps it, never blocks on a pipe, never reads more than it is allowed.</summary>
public static partial class WholeFile
{
    /// <summary>The content.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="what">What is expected in it, such as "an ONNX model", for messages.</param>
    /// <param name="cause">The cause of the fault when it cannot be read.</param>
    /// <param name="maxBytes">The most bytes that it may have; one array holds no more than <see cref="Array.MaxLength"/>.</param>
    /// <exception cref="ConvTransferException">It does not exist, is no ordinary file, cannot be read (<paramref name="cause"/>), or is too large (<see cref="FailureCause.Limit"/>).</exception>
    public static byte[] Read(string path, string what, FailureCause cause, long maxBytes) => Opened(path, what, cause, (handle, length) =>
    {
        long allowed = Math.Min(maxBytes, Array.MaxLength);
        if (length > allowed) throw new ConvTransferException(FailureCause.Limit, $"the file has {length} bytes, beyond the limit of {allowed} bytes for {what}", path);
        byte[] bytes = new byte[length];
        Fill(handle, bytes, path, cause);
        return bytes;
    });

    /// <summary>Reads the content of a file whose length is known into the caller's memory.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="what">What is expected in it, for messages.</param>
    /// <param name="cause">The cause of the fault when it cannot be read.</param>
    /// <param name="to">As many bytes as the file has.</param>
    /// <exception cref="ConvTransferException">It does not exist, is no ordinary file, has another length, or cannot be read (<paramref name="cause"/>).</exception>
    public static void ReadExactly(string path, string what, FailureCause cause, Memory<byte> to) => Opened(path, what, cause, (handle, length) =>
    {
        if (length != to.Length) throw new ConvTransferException(cause, $"the file has {length} bytes, expected {to.Length}", path);
        Fill(handle, to.Span, path, cause);
        return true;
    });

    private static T Opened<T>(string path, string what, FailureCause cause, Func<SafeFileHandle, long, T> read)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ConvTransferException Failed(string message, Exception? inner = null) => new(cause, message, path, innerException: inner);
        try
        {
            if (Directory.Exists(path)) throw Failed($"it is a folder, expected {what}");
            if (!File.Exists(path)) throw Failed("the file does not exist");
            using var handle = Open(path);
            long length;
            try
            {
                length = RandomAccess.GetLength(handle);
            }
            catch (NotSupportedException e)
            {
                throw Failed($"it is not a regular file, expected {what}", e);
            }
            return read(handle, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Failed($"it cannot be read: {DisplayText.Escape(e.Message, 300)}", e);
        }
    }

    private static void Fill(SafeFileHandle handle, Span<byte> bytes, string path, FailureCause cause)
    {
        for (int done = 0; done < bytes.Length;)
        {
            int got = RandomAccess.Read(handle, bytes[done..], done);
            if (got == 0) throw new ConvTransferException(cause, "the file became shorter while it was read", path);
            done += got;
        }
    }

    // Opening a pipe waits for a writer unless it is told not to; for ordinary files the flag means nothing.
    private static SafeFileHandle Open(string path)
    {
        if (OperatingSystem.IsWindows()) return File.OpenHandle(path);
        (int nonBlocking, int closeOnExec) = OperatingSystem.IsMacOS() ? (0x4, 0x1000000) : (0x800, 0x80000);
        int handle = Native.open(path, nonBlocking | closeOnExec);
        if (handle < 0) throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        return new SafeFileHandle(handle, ownsHandle: true);
    }

    private static partial class Native
    {
        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int open(string path, int flags);
    }
}
