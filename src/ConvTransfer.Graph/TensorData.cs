using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Graphs;

/// <summary>The constant content of a tensor as a file holds it: immutable managed memory, shared by all graphs that refer to it.</summary>
/// <param name="Name">The tensor's name; empty for the value of an attribute.</param>
/// <param name="ElementType">The type of the elements, also one that the engine does not compute with.</param>
/// <param name="Dims">The lengths of the axes.</param>
/// <param name="Bytes">The elements in little-endian order, packed as ONNX's raw_data; empty for strings.</param>
public sealed record TensorData(string Name, ElementType ElementType, ValueList<long> Dims, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The elements of a string tensor, as UTF-8.</summary>
    public ValueList<ReadOnlyMemory<byte>> Strings { get; init; }

    /// <summary>The documentation string; null when the file has none.</summary>
    public string? DocString { get; init; }

    /// <summary>The element of the source file that this came from; opaque to everyone but the exporter.</summary>
    public object? Origin { get; init; }

    /// <summary>The concrete shape.</summary>
    public Shape Shape => new(Dims.AsSpan());

    /// <summary>The type that a graph's value has which this tensor initialises.</summary>
    public TensorType Type => new(ElementType, Dims.Select(d => (Dim)d).ToValueList());

    /// <summary>The data of a tensor, copied.</summary>
    public static TensorData From(string name, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ValueList<long> dims = [.. tensor.Shape.Dims];
        if (tensor.ElementType == ElementType.String)
            return new TensorData(name, tensor.ElementType, dims, default) { Strings = tensor.AsStrings().ToArray().Select(s => new ReadOnlyMemory<byte>(System.Text.Encoding.UTF8.GetBytes(s))).ToValueList() };
        return new TensorData(name, tensor.ElementType, dims, tensor.AsBytes().ToArray());
    }

    /// <summary>The data of an array of numbers, copied.</summary>
    public static TensorData From<T>(string name, ReadOnlySpan<long> dims, ReadOnlySpan<T> values) where T : unmanaged =>
        new(name, ElementTypes.Of<T>(), [.. dims], MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A tensor of its own with the same content. The caller disposes it.</summary>
    /// <exception cref="ConvTransferException">The engine does not compute with the element type, or the bytes do not fill the shape.</exception>
    public Tensor ToTensor()
    {
        string name = DisplayText.Escape(Name);
        if (!ElementType.IsSupported()) throw new ConvTransferException(FailureCause.Unsupported, $"tensor '{name}' is of type {ElementType.OnnxName()}, with which the engine does not compute");
        var shape = Shape;
        if (ElementType == ElementType.String)
        {
            if (Strings.Count != shape.ElementCount) throw new ConvTransferException(FailureCause.ModelInvalid, $"tensor '{name}' of shape {shape} holds {Strings.Count} strings");
            return Tensor.FromStrings(shape, Strings.Select(s => System.Text.Encoding.UTF8.GetString(s.Span)).ToArray());
        }
        if (Bytes.Length != checked(shape.ElementCount * ElementType.SizeInBytes())) throw new ConvTransferException(FailureCause.ModelInvalid, $"tensor '{name}' of type {Type} holds {Bytes.Length} bytes");
        var tensor = Tensor.Uninitialized(ElementType, shape);
        Bytes.Span.CopyTo(tensor.AsBytes());
        return tensor;
    }

    /// <summary>True when type, shape and every bit of the content are equal; names, documentation and origin do not count.</summary>
    public bool HasSameContent(TensorData other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ElementType != other.ElementType || Dims != other.Dims || !Bytes.Span.SequenceEqual(other.Bytes.Span) || Strings.Count != other.Strings.Count) return false;
        for (int i = 0; i < Strings.Count; i++)
            if (!Strings[i].Span.SequenceEqual(other.Strings[i].Span)) return false;
        return true;
    }

    /// <summary>Equal name, documentation and content. The origin does not count.</summary>
    public bool Equals(TensorData? other) => other is not null && Name == other.Name && DocString == other.DocString && HasSameContent(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, ElementType, Dims, Bytes.Length);
}
