using System.Numerics;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Math;

/// <summary>Something that is made for one type of numbers.</summary>
internal interface INumberMaker<TResult>
{
    TResult Make<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T>;
}

/// <summary>From an element type to the .NET type of its elements.</summary>
internal static class NumberDispatch
{
    /// <summary>What the maker makes for the type; truth values are bytes of 0 and 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The elements are no numbers.</exception>
    public static TResult Make<TResult, TMaker>(ElementType type, TMaker maker) where TMaker : INumberMaker<TResult> => type switch
    {
        ElementType.Float32 => maker.Make<float>(),
        ElementType.Float64 => maker.Make<double>(),
        ElementType.Float16 => maker.Make<Half>(),
        ElementType.UInt8 or ElementType.Bool => maker.Make<byte>(),
        ElementType.Int8 => maker.Make<sbyte>(),
        ElementType.UInt16 => maker.Make<ushort>(),
        ElementType.Int16 => maker.Make<short>(),
        ElementType.UInt32 => maker.Make<uint>(),
        ElementType.Int32 => maker.Make<int>(),
        ElementType.UInt64 => maker.Make<ulong>(),
        ElementType.Int64 => maker.Make<long>(),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected numbers or truth values"),
    };
}
