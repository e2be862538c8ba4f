using System.Runtime.InteropServices;

namespace ConvTransfer.Core;

/// <summary>The reader of a standard stream is gone: there is nobody left to write for.</summary>
internal sealed class ReaderGoneException : IOException
{
    /// <summary>Creates the exception.</summary>
    public ReaderGoneException() : base("the reader of the output is gone")
    {
    }
}

/// <summary>Bytes to standard output or standard error, every failure of which is seen.</summary>
/// <remarks>The base library's console stream hides that its reader is gone (EPIPE), so a program would go on computing for nobody.</remarks>
internal sealed partial class StandardStream : Stream
{
    private const int Interrupted = 4, WouldBlock = 11, WouldBlockMacOS = 35, BrokenPipe = 32;
    private readonly int _handle;
    private readonly Stream? _console;

    private StandardStream(int handle)
    {
        _handle = handle;
        if (OperatingSystem.IsWindows()) _console = handle == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();
    }

    /// <summary>Standard output.</summary>
    public static StandardStream OpenOutput() => new(1);

    /// <summary>Standard error.</summary>
    public static StandardStream OpenError() => new(2);

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes all bytes.</summary>
    /// <exception cref="ReaderGoneException">Nobody reads any more.</exception>
    /// <exception cref="IOException">They cannot be written: the disk is full, or the stream was closed.</exception>
    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        if (_console is not null)
        {
            _console.Write(buffer);
            return;
        }
        fixed (byte* bytes = buffer)
        {
            for (int done = 0; done < buffer.Length;)
            {
                nint written = Native.write(_handle, bytes + done, buffer.Length - done);
                if (written > 0) done += (int)written;
                else AwaitOrThrow(Marshal.GetLastPInvokeError());
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => _console?.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private unsafe void AwaitOrThrow(int error)
    {
        switch (error)
        {
            case Interrupted:
                return;
            case WouldBlock or WouldBlockMacOS:
                // The other end made the pipe non-blocking: wait until it takes bytes again.
                var wait = new PollHandle { Handle = _handle, Events = 4 };
                _ = Native.poll(&wait, 1, -1);
                return;
            case BrokenPipe:
                throw new ReaderGoneException();
            default:
                throw new IOException($"the output cannot be written: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollHandle
    {
        public int Handle;
        public short Events;
        public short Returned;
    }

    private static unsafe partial class Native
    {
        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint write(int handle, byte* bytes, nint count);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int poll(PollHandle* handles, nuint count, int timeoutMilliseconds);
    }
}
