using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Onnx.Protobuf;

namespace ConvTransfer.Onnx;

/// <summary>The folder that a model's external data may lie in: the one of the model file after links are followed. Nothing outside it is opened.</summary>
internal sealed class ExternalFolder
{
    private readonly string _root;
    private readonly long _limit;
    private long _total;

    /// <summary>Creates the folder of a model file.</summary>
    public ExternalFolder(string modelPath, Limits limits)
    {
        _root = Path.GetDirectoryName(Resolved(Path.GetFullPath(modelPath)))!;
        _limit = limits.MemoryBytes;
    }

    /// <summary>The bytes of a tensor, or null when a problem was added.</summary>
    public byte[]? Read(TensorProto proto, string what, long expected, ProblemList problems)
    {
        byte[]? Error(string message, FailureCause cause = FailureCause.ExternalData)
        {
            problems.Error(cause, $"{what}: {message}");
            return null;
        }

        string? Entry(string key) => proto.ExternalData.FirstOrDefault(e => e.Key == key)?.Value;
        string? location = Entry("location");
        if (string.IsNullOrEmpty(location)) return Error("external data without a location");
        string shown = $"external data '{DisplayText.Escape(location)}'";
        if (location.Contains('\0', StringComparison.Ordinal)) return Error($"{shown}: the location holds a NUL character");
        if (Path.IsPathRooted(location) || location.StartsWith('\\') || (location.Length > 1 && location[1] == ':')) return Error($"{shown}: the location is absolute; it must be relative to the model's folder");
        if (location.Split('/', '\\').Contains("..")) return Error($"{shown}: the location lies outside the model's folder");
        if (!Number(Entry("offset"), 0, out long offset)) return Error($"{shown}: offset '{DisplayText.Escape(Entry("offset")!)}' is not a number of bytes");
        if (!Number(Entry("length"), expected, out long length)) return Error($"{shown}: length '{DisplayText.Escape(Entry("length")!)}' is not a number of bytes");
        if (length != expected) return Error($"{shown}: length {length} is given, the tensor's dims ask for {expected} bytes");
        if (_total + expected > _limit) return Error($"{shown}: with it the model would hold more than the memory limit of {_limit} bytes", FailureCause.Limit);
        try
        {
            string path = Path.Combine(_root, location.Replace('\\', '/'));
            if (Directory.Exists(path)) return Error($"{shown}: it is a folder");
            if (!File.Exists(path)) return Error($"{shown}: the file does not exist");
            string target = Resolved(path);
            if (!target.StartsWith(_root.EndsWith(Path.DirectorySeparatorChar) ? _root : _root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) return Error($"{shown}: the location is a link to a place outside the model's folder");
            var info = new FileInfo(target);
            if (offset > info.Length || expected > info.Length - offset) return Error($"{shown}: the file has {info.Length} bytes, {expected} are asked for from offset {offset} on");
            if (expected > Array.MaxLength) return Error($"{shown}: a tensor of {expected} bytes is beyond the {Array.MaxLength} that one array holds", FailureCause.Limit);
            byte[] bytes = new byte[expected];
            using var handle = File.OpenHandle(target);
            for (int done = 0; done < bytes.Length;)
            {
                int got = RandomAccess.Read(handle, bytes.AsSpan(done), offset + done);
                if (got == 0) return Error($"{shown}: the file ended while it was read");
                done += got;
            }
            _total += expected;
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Error($"{shown}: it cannot be read: {DisplayText.Escape(e.Message, 300)}");
        }
    }

    private static bool Number(string? text, long missing, out long value)
    {
        value = missing;
        return text is null || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    // The path with every link in it followed, so that containment is decided on real places.
    private static string Resolved(string path)
    {
        string root = Path.GetPathRoot(path)!, at = root;
        foreach (string part in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            string next = Path.Combine(at, part);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            at = info.LinkTarget is null ? next : Resolved(Path.GetFullPath(info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? next));
        }
        return at;
    }
}
