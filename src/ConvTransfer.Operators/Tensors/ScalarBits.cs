using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The bits of one element, of whatever type, in the low bytes of a word.</summary>
internal static unsafe class ScalarBits
{
    /// <summary>The bits of a tensor's first element.</summary>
    public static ulong Of(Tensor tensor) => At(tensor.Pointer, tensor.ElementType.SizeInBytes());

    /// <summary>The bits of the element at an address.</summary>
    public static ulong At(byte* address, int elementBytes) => elementBytes switch
    {
        1 => *address,
        2 => *(ushort*)address,
        4 => *(uint*)address,
        _ => *(ulong*)address,
    };

    /// <summary>The bits of a number as an element of a floating point or other type.</summary>
    public static ulong Of(float value, ElementType type) => type switch
    {
        ElementType.Float32 => Unsafe.BitCast<float, uint>(value),
        ElementType.Float64 => Unsafe.BitCast<double, ulong>(value),
        ElementType.Float16 => Unsafe.BitCast<Half, ushort>((Half)value),
        ElementType.Bool => value != 0 ? 1UL : 0,
        ElementType.UInt64 => ulong.CreateSaturating(value),
        ElementType.UInt32 => uint.CreateSaturating(value),
        ElementType.UInt16 => ushort.CreateSaturating(value),
        ElementType.UInt8 => byte.CreateSaturating(value),
        ElementType.Int64 => (ulong)long.CreateSaturating(value),
        ElementType.Int32 => (uint)int.CreateSaturating(value),
        ElementType.Int16 => (ushort)short.CreateSaturating(value),
        ElementType.Int8 => (byte)sbyte.CreateSaturating(value),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected a type of numbers or truth values"),
    };
}
