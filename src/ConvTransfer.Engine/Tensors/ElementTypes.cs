namespace ConvTransfer.Engine.Tensors;

/// <summary>Facts about element types.</summary>
public static class ElementTypes
{
    /// <summary>True for the types that the engine stores and computes with.</summary>
    public static bool IsSupported(this ElementType type) => type == ElementType.String || SizeInBytes(type) > 0;

    /// <summary>Bytes of one element; 0 for strings and for the types that the engine does not compute with.</summary>
    public static int SizeInBytes(this ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool => 1,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 => 2,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
        _ => 0,
    };

    /// <summary>Bits of one element as ONNX stores it in raw data; 0 for strings and unknown types.</summary>
    public static int StoredBits(this ElementType type) => type switch
    {
        ElementType.UInt2 or ElementType.Int2 => 2,
        ElementType.UInt4 or ElementType.Int4 or ElementType.Float4E2M1 => 4,
        ElementType.Float8E4M3FN or ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ or ElementType.Float8E8M0 => 8,
        ElementType.BFloat16 => 16,
        ElementType.Complex64 => 64,
        ElementType.Complex128 => 128,
        _ => SizeInBytes(type) * 8,
    };

    /// <summary>True for float16, float32 and float64.</summary>
    public static bool IsFloat(this ElementType type) => type is ElementType.Float16 or ElementType.Float32 or ElementType.Float64;

    /// <summary>True for the eight integer types.</summary>
    public static bool IsInteger(this ElementType type) => type is ElementType.UInt8 or ElementType.Int8 or ElementType.UInt16 or ElementType.Int16
        or ElementType.Int32 or ElementType.Int64 or ElementType.UInt32 or ElementType.UInt64;

    /// <summary>The element type that a .NET type stands for.</summary>
    /// <exception cref="ArgumentException">The type is no element type.</exception>
    public static ElementType Of<T>() => typeof(T) switch
    {
        var t when t == typeof(float) => ElementType.Float32,
        var t when t == typeof(double) => ElementType.Float64,
        var t when t == typeof(Half) => ElementType.Float16,
        var t when t == typeof(byte) => ElementType.UInt8,
        var t when t == typeof(sbyte) => ElementType.Int8,
        var t when t == typeof(ushort) => ElementType.UInt16,
        var t when t == typeof(short) => ElementType.Int16,
        var t when t == typeof(int) => ElementType.Int32,
        var t when t == typeof(uint) => ElementType.UInt32,
        var t when t == typeof(long) => ElementType.Int64,
        var t when t == typeof(ulong) => ElementType.UInt64,
        var t when t == typeof(bool) => ElementType.Bool,
        var t when t == typeof(string) => ElementType.String,
        _ => throw new ArgumentException($"{typeof(T)} is not the type of a tensor's elements"),
    };

    /// <summary>ONNX's name of the type, such as "float" or "int64".</summary>
    public static string OnnxName(this ElementType type) => type switch
    {
        ElementType.Float32 => "float",
        ElementType.Float64 => "double",
        _ => type.ToString().ToLowerInvariant(),
    };
}
