using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ConvTransfer.Core;

/// <summary>The SHA-256 hash of some content: equal hashes are taken as equal content.</summary>
public readonly record struct ContentHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Length = 32;

    private readonly (ulong, ulong, ulong, ulong) _words;

    /// <summary>A hash that was computed before.</summary>
    /// <exception cref="ArgumentException">It does not have <see cref="Length"/> bytes.</exception>
    public ContentHash(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != Length) throw new ArgumentException($"{hash.Length} bytes are given, a hash has {Length}", nameof(hash));
        _words = (BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]), BinaryPrimitives.ReadUInt64BigEndian(hash[16..]), BinaryPrimitives.ReadUInt64BigEndian(hash[24..]));
    }

    /// <summary>The hash of some bytes, such as those of a file.</summary>
    public static ContentHash Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(content, hash);
        return new ContentHash(hash);
    }

    /// <summary>Writes the hash.</summary>
    /// <param name="to">Gets the first <see cref="Length"/> bytes.</param>
    public void CopyTo(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to, _words.Item1);
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], _words.Item2);
        BinaryPrimitives.WriteUInt64BigEndian(to[16..], _words.Item3);
        BinaryPrimitives.WriteUInt64BigEndian(to[24..], _words.Item4);
    }

    /// <summary>The hash as 64 small hexadecimal digits.</summary>
    public override string ToString() => FormattableString.Invariant($"{_words.Item1:x16}{_words.Item2:x16}{_words.Item3:x16}{_words.Item4:x16}");
}
