using ConvTransfer.Core;

namespace ConvTransfer.Onnx;

/// <summary>Reads a whole file that must be an ordinary one, of a size that one message can have.</summary>
internal static class FileBytes
{
    /// <summary>The content.</summary>
    /// <exception cref="ConvTransferException">It cannot be read, or is too large.</exception>
    public static byte[] Read(string path, string what, Limits limits)
    {
        ConvTransferException Failed(string message, Exception? inner = null, FailureCause cause = FailureCause.ModelFormat) => new(cause, message, path, innerException: inner);
        try
        {
            if (Directory.Exists(path)) throw Failed($"it is a folder, expected {what}");
            var info = new FileInfo(path);
            if (!info.Exists) throw Failed("the file does not exist");
            if (info.Length > Array.MaxLength) throw Failed($"the file has {info.Length} bytes; {what} is smaller than 2 GiB", cause: FailureCause.Limit);
            if (info.Length > limits.MemoryBytes) throw Failed($"the file has {info.Length} bytes, beyond the memory limit of {limits.MemoryBytes} bytes", cause: FailureCause.Limit);
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Failed($"it cannot be read: {DisplayText.Escape(e.Message, 300)}", e);
        }
    }
}
