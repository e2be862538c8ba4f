using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Schema;

/// <summary>A type parameter of an operator: all inputs and outputs that name it have one and the same of its element types.</summary>
/// <param name="Name">The standard's letter, such as "T".</param>
/// <param name="Allowed">The element types it may stand for.</param>
internal sealed record TypeVariable(string Name, ElementType[] Allowed)
{
    /// <summary>float16, float32 and float64.</summary>
    public static readonly ElementType[] Floats = [ElementType.Float32, ElementType.Float16, ElementType.Float64];

    /// <summary>The eight integer types.</summary>
    public static readonly ElementType[] Integers = [ElementType.Int32, ElementType.Int64, ElementType.UInt8, ElementType.Int8, ElementType.UInt16, ElementType.Int16, ElementType.UInt32, ElementType.UInt64];

    /// <summary>All floating point and integer types.</summary>
    public static readonly ElementType[] Numbers = [.. Floats, .. Integers];

    /// <summary>Numbers and truth values.</summary>
    public static readonly ElementType[] NumbersAndBool = [.. Numbers, ElementType.Bool];

    /// <summary>Every type that the engine stores, strings included.</summary>
    public static readonly ElementType[] All = [.. NumbersAndBool, ElementType.String];

    /// <summary>int32 and int64, the types of indices.</summary>
    public static readonly ElementType[] Indices = [ElementType.Int64, ElementType.Int32];

    /// <summary>Element types that the standard allows too, and that are refused as not supported.</summary>
    public ElementType[] Unsupported { get; init; } = [];

    /// <summary>True when the variable may stand for the type.</summary>
    public bool Allows(ElementType type) => Array.IndexOf(Allowed, type) >= 0;

    /// <summary>The allowed types as a list for messages.</summary>
    public override string ToString() => string.Join(", ", Allowed.Select(t => t.OnnxName()));
}
