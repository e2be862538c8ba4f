using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ConvTransfer.Core;

namespace ConvTransfer.Training;

/// <summary>The file of a checkpoint: magic, version, length of the header, the header as JSON, the numbers as float32, and the SHA-256 of all before. Little-endian.</summary>
/// <remarks>The trailer is the same in every version, so that a damaged file is told from a newer one.</remarks>
internal static class CheckpointFile
{
    /// <summary>The version that is written, and the newest that is read.</summary>
    public const int Version = 1;

    private const int Fixed = 16, Trailer = 32, MaximumHeader = 16 << 20;

    private static ReadOnlySpan<byte> Magic => "CVTCHKPT"u8;

    /// <summary>Writes a checkpoint.</summary>
    public static void Write(Stream stream, TrainingCheckpoint checkpoint)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] header = CheckpointHeader.Write(checkpoint), start = new byte[Fixed];
        Magic.CopyTo(start);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(12), header.Length);
        Put(start);
        Put(header);
        foreach (float[] values in checkpoint.Numbers.All.SelectMany(kind => kind)) Put(MemoryMarshal.AsBytes(values.AsSpan()));
        stream.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <exception cref="ConvTransferException">The file is damaged, or of a newer version (<see cref="FailureCause.Checkpoint"/>).</exception>
    public static TrainingCheckpoint Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            CheckHash(stream, path);
            return ReadContent(stream, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Damaged(path, DisplayText.Escape(e.Message, 500), e);
        }
    }

    private static void CheckHash(FileStream stream, string path)
    {
        if (stream.Length < Fixed + Trailer) throw Damaged(path, $"it has only {stream.Length} bytes");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        for (long left = stream.Length - Trailer; left > 0;)
        {
            int count = (int)Math.Min(left, buffer.Length);
            stream.ReadExactly(buffer, 0, count);
            hash.AppendData(buffer, 0, count);
            left -= count;
        }
        stream.ReadExactly(buffer, 0, Trailer);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(buffer.AsSpan(0, Trailer))) throw Damaged(path, "its checksum is another");
        stream.Position = 0;
    }

    private static TrainingCheckpoint ReadContent(FileStream stream, string path)
    {
        Span<byte> start = stackalloc byte[Fixed];
        stream.ReadExactly(start);
        if (!start[..8].SequenceEqual(Magic)) throw Damaged(path, "it does not begin as a checkpoint does");
        int version = BinaryPrimitives.ReadInt32LittleEndian(start[8..]), length = BinaryPrimitives.ReadInt32LittleEndian(start[12..]);
        if (version > Version) throw new ConvTransferException(FailureCause.Checkpoint, $"is of version {version}, but this library reads checkpoints up to version {Version}", path);
        long left = stream.Length - Fixed - Trailer;
        if (version < 1 || length < 0 || length > Math.Min(left, MaximumHeader)) throw Damaged(path, $"version {version} and a header of {length} bytes cannot be");
        byte[] header = new byte[length];
        stream.ReadExactly(header);
        var (fingerprint, state, lengths) = CheckpointHeader.Read(header) ?? throw Damaged(path, "its header cannot be read");
        if (!Fill(lengths, (left - length) / sizeof(float), (left - length) % sizeof(float))) throw Damaged(path, "its lengths do not add up to that of the file");
        var numbers = Array.ConvertAll(lengths, kind => Array.ConvertAll(kind, count => new float[count]));
        foreach (float[] values in numbers.SelectMany(kind => kind)) stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return new TrainingCheckpoint(fingerprint, state, CheckpointNumbers.Of(numbers));
    }

    private static bool Fill(int[][] lengths, long numbers, long rest) => rest == 0 && lengths.All(kind => kind.All(count => count >= 0)) && lengths.Sum(kind => kind.Sum(count => (long)count)) == numbers;

    private static ConvTransferException Damaged(string path, string reason, Exception? inner = null) => new(FailureCause.Checkpoint, $"is damaged: {reason}", path, innerException: inner);
}
