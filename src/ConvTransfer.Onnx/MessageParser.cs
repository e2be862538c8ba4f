using System.Text;
using ConvTransfer.Core;
using Google.Protobuf;

namespace ConvTransfer.Onnx;

/// <summary>Turns bytes into a protobuf message, and says what is wrong when they are none.</summary>
internal static class MessageParser
{
    /// <summary>Parses a message.</summary>
    /// <exception cref="ConvTransferException">The bytes are no such message (<see cref="FailureCause.ModelFormat"/>).</exception>
    public static T Parse<T>(MessageParser<T> parser, byte[] bytes, string what, Limits limits, string? file) where T : IMessage<T>
    {
        if (bytes.Length == 0) throw Failed($"the file is empty, not {what}", file);
        if (Foreign(bytes) is { } kind) throw Failed($"the file is {kind}, not {what}", file);
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            using var input = CodedInputStream.CreateWithLimits(stream, int.MaxValue, limits.MessageDepth);
            var message = parser.ParseFrom(input);
            if (!input.IsAtEnd) throw Failed($"byte {input.Position} ends a group that was never begun; the file is corrupt", file);
            return message;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Failed(Reason(e.Message, what, limits), file, e);
        }
    }

    private static string Reason(string message, string what, Limits limits)
    {
        bool Says(string part) => message.Contains(part, StringComparison.OrdinalIgnoreCase);
        return Says("UTF-8") || Says("UTF8") ? $"a name or text in the file is not valid UTF-8; {what} holds only UTF-8"
            : Says("nesting") || Says("levels") ? $"messages nest deeper than {limits.MessageDepth} levels"
            : Says("unexpectedly") || Says("truncated") || Says("negative size") ? "the file is truncated, or a length in it is wrong: a field reaches beyond the end"
            : $"the bytes are malformed, not {what}: {message}";
    }

    // What people hand in by mistake, told by the first bytes.
    private static string? Foreign(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G'])) return "a PNG picture";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "a JPEG picture";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])) return "compressed with gzip: decompress it first";
        if (bytes.StartsWith("PK\x03\x04"u8)) return "a zip archive: extract it first";
        if (bytes.StartsWith("version https://git-lfs"u8)) return "a Git LFS pointer, not the model itself: fetch it with 'git lfs pull'";
        string head = Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, 256)]).TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n');
        if (head.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || head.StartsWith("<html", StringComparison.OrdinalIgnoreCase)) return "an HTML page, perhaps an error page saved by a download";
        if (head.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase)) return "an XML document";
        return head.StartsWith('{') && head.Contains('"') ? "a JSON document" : null;
    }

    private static ConvTransferException Failed(string message, string? file, Exception? inner = null) => new(FailureCause.ModelFormat, message, file, innerException: inner);
}
