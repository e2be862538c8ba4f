using System.Runtime.InteropServices;

namespace ConvTransfer.Engine.Tensors;

/// <summary>A dense array of numbers, truth values or strings in C order (the last axis is contiguous), owned by exactly one holder.</summary>
/// <remarks>Numbers lie in native memory aligned to 64 bytes, strings in a managed array. Reading from many threads is safe; writing is not.</remarks>
public sealed unsafe class Tensor : IDisposable
{
    private readonly AlignedMemory? _memory;
    private readonly string[]? _strings;

    /// <summary>Allocates a tensor of zeros, of false, or of empty strings.</summary>
    /// <exception cref="ArgumentException">The engine does not compute with this element type.</exception>
    public Tensor(ElementType elementType, Shape shape) : this(elementType, shape, zeroed: true)
    {
    }

    private Tensor(ElementType elementType, Shape shape, bool zeroed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (!elementType.IsSupported()) throw new ArgumentException($"the engine does not compute with {elementType}", nameof(elementType));
        ElementType = elementType;
        Shape = shape;
        if (elementType == ElementType.String)
        {
            _strings = new string[shape.ElementCount];
            Array.Fill(_strings, "");
        }
        else
        {
            _memory = new AlignedMemory(checked(shape.ElementCount * elementType.SizeInBytes()), zeroed);
        }
    }

    /// <summary>The type of the elements.</summary>
    public ElementType ElementType { get; }

    /// <summary>The lengths of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The number of elements.</summary>
    public long ElementCount => Shape.ElementCount;

    /// <summary>Bytes of the elements; 0 for strings.</summary>
    public long ByteCount => _memory?.ByteCount ?? 0;

    /// <summary>The native bytes that the tensor takes.</summary>
    internal long NativeBytes => _memory?.NativeBytes ?? 0;

    /// <summary>A tensor whose content is undefined until it is written.</summary>
    public static Tensor Uninitialized(ElementType elementType, Shape shape) => new(elementType, shape, zeroed: false);

    /// <summary>A tensor with a copy of the values.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static Tensor From<T>(Shape shape, params ReadOnlySpan<T> values) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (values.Length != shape.ElementCount) throw new ArgumentException($"{values.Length} values do not fill shape {shape}", nameof(values));
        var tensor = Uninitialized(ElementTypes.Of<T>(), shape);
        values.CopyTo(tensor.AsSpan<T>());
        return tensor;
    }

    /// <summary>A tensor of strings with a copy of the array.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static Tensor FromStrings(Shape shape, params ReadOnlySpan<string> values)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (values.Length != shape.ElementCount) throw new ArgumentException($"{values.Length} values do not fill shape {shape}", nameof(values));
        var tensor = new Tensor(ElementType.String, shape);
        values.CopyTo(tensor._strings);
        return tensor;
    }

    /// <summary>The elements, without a copy.</summary>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        if (ElementTypes.Of<T>() != ElementType) throw new InvalidOperationException($"the tensor holds {ElementType}, not {typeof(T).Name}");
        return new Span<T>(Pointer, checked((int)ElementCount));
    }

    /// <summary>The bytes of the elements in the machine's (little-endian) order, without a copy.</summary>
    /// <exception cref="InvalidOperationException">The elements are strings.</exception>
    public Span<byte> AsBytes() => new(Pointer, checked((int)ByteCount));

    /// <summary>The strings, without a copy.</summary>
    /// <exception cref="InvalidOperationException">The elements are not strings.</exception>
    public Span<string> AsStrings() => _strings ?? throw new InvalidOperationException($"the tensor holds {ElementType}, not strings");

    /// <summary>The address of the first element.</summary>
    internal byte* Pointer => (_memory ?? throw new InvalidOperationException("strings have no address")).Pointer;

    internal string[]? StringArray => _strings;

    /// <summary>A tensor of its own with the same content.</summary>
    public Tensor Clone() => WithShape(Shape);

    /// <summary>A tensor of its own with the same content and another shape of as many elements.</summary>
    public Tensor WithShape(Shape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.ElementCount != ElementCount) throw new ArgumentException($"shape {shape} does not hold the {ElementCount} elements of {Shape}", nameof(shape));
        var copy = Uninitialized(ElementType, shape);
        if (_strings is not null) _strings.CopyTo(copy._strings!, 0);
        else NativeMemory.Copy(Pointer, copy.Pointer, (nuint)ByteCount);
        return copy;
    }

    /// <summary>Frees the memory. A second call does nothing.</summary>
    public void Dispose() => _memory?.Dispose();

    /// <summary>The element type and shape, such as "float 1x3x224x224".</summary>
    public override string ToString() => $"{ElementType.OnnxName()} {Shape}";
}
