using System.Buffers.Binary;
using System.Security.Cryptography;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Runtime.Caching;

/// <summary>An entry as a file: a mark, the key's two hashes, the number of tensors and their lengths, the float32 numbers, and the SHA-256 hash of all that. Little-endian.</summary>
internal static class EntryFile
{
    private const ulong Mark = 0x3130_7463_4176_6e43; // "CnvAct01"
    private const int FixedBytes = 8 + (2 * ContentHash.Length) + 8;

    /// <summary>The number of elements of each tensor.</summary>
    public static long[] LengthsOf(ReadOnlySpan<Tensor> tensors)
    {
        long[] lengths = new long[tensors.Length];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = tensors[i].ElementCount;
        return lengths;
    }

    /// <summary>Refuses tensors that an entry does not fit.</summary>
    /// <exception cref="ArgumentException">Their number or a length differs.</exception>
    public static void RequireLengths(long[] held, ReadOnlySpan<Tensor> destination)
    {
        long[] wanted = LengthsOf(destination);
        if (!held.AsSpan().SequenceEqual(wanted)) throw new ArgumentException($"tensors of {string.Join(", ", wanted)} elements are given, the entry has {string.Join(", ", held)}", nameof(destination));
    }

    /// <summary>The bytes of the file of these tensors.</summary>
    public static long SizeOf(ReadOnlySpan<Tensor> tensors)
    {
        long size = FixedBytes + ContentHash.Length + (8L * tensors.Length);
        foreach (var tensor in tensors) size += tensor.ByteCount;
        return size;
    }

    /// <summary>Writes an entry.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="tensors">float32.</param>
    /// <param name="to">As many bytes as <see cref="SizeOf"/> says.</param>
    public static void Encode(ActivationKey key, ReadOnlySpan<Tensor> tensors, Span<byte> to)
    {
        var rest = to;
        BinaryPrimitives.WriteUInt64LittleEndian(rest, Mark);
        key.Scope.CopyTo(rest[8..]);
        key.Entry.CopyTo(rest[(8 + ContentHash.Length)..]);
        BinaryPrimitives.WriteInt64LittleEndian(rest[(FixedBytes - 8)..], tensors.Length);
        rest = rest[FixedBytes..];
        foreach (var tensor in tensors)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, tensor.ElementCount);
            rest = rest[8..];
        }
        foreach (var tensor in tensors)
        {
            tensor.AsBytes().CopyTo(rest);
            rest = rest[(int)tensor.ByteCount..];
        }
        SHA256.HashData(to[..^rest.Length], rest);
    }

    /// <summary>What is wrong with a file, or null.</summary>
    public static string? Fault(ActivationKey key, ReadOnlySpan<byte> file)
    {
        if (file.Length < FixedBytes + ContentHash.Length) return "it is too short";
        Span<byte> hash = stackalloc byte[ContentHash.Length];
        SHA256.HashData(file[..^ContentHash.Length], hash);
        if (!hash.SequenceEqual(file[^ContentHash.Length..])) return "its checksum does not fit its content";
        if (BinaryPrimitives.ReadUInt64LittleEndian(file) != Mark) return "it is of another kind";
        return new ContentHash(file.Slice(8, ContentHash.Length)) == key.Scope && new ContentHash(file.Slice(8 + ContentHash.Length, ContentHash.Length)) == key.Entry ? null : "it belongs to another key";
    }

    /// <summary>Copies the numbers of a sound file.</summary>
    /// <exception cref="ArgumentException">The entry has other lengths.</exception>
    public static void Decode(ReadOnlySpan<byte> file, ReadOnlySpan<Tensor> destination)
    {
        long[] lengths = new long[Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(file[(FixedBytes - 8)..]), 0, file.Length / 8)];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = BinaryPrimitives.ReadInt64LittleEndian(file[(FixedBytes + (8 * i))..]);
        RequireLengths(lengths, destination);
        var rest = file[(FixedBytes + (8 * lengths.Length))..];
        foreach (var tensor in destination)
        {
            rest[..(int)tensor.ByteCount].CopyTo(tensor.AsBytes());
            rest = rest[(int)tensor.ByteCount..];
        }
    }
}
