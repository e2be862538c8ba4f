using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ConvTransfer.Core;

/// <summary>Hashes a sequence of parts. Each part carries its length, so that no two sequences of the same kinds of parts run together into the same bytes.</summary>
public sealed class ContentHasher : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Adds a number.</summary>
    public void Add(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _hash.AppendData(bytes);
    }

    /// <summary>Adds bytes, after their number.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        Add(bytes.Length);
        _hash.AppendData(bytes);
    }

    /// <summary>Adds a text.</summary>
    public void Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    /// <summary>Adds another hash.</summary>
    public void Add(ContentHash hash)
    {
        Span<byte> bytes = stackalloc byte[ContentHash.Length];
        hash.CopyTo(bytes);
        _hash.AppendData(bytes);
    }

    /// <summary>The hash of all parts; the hasher begins anew.</summary>
    public ContentHash Finish()
    {
        Span<byte> bytes = stackalloc byte[ContentHash.Length];
        _hash.GetHashAndReset(bytes);
        return new ContentHash(bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
