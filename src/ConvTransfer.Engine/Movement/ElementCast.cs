using System.Numerics;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Movement;

/// <summary>Changes the type of numbers and truth values. Immutable; may be run by many threads at once, allocates nothing when it runs.</summary>
/// <remarks>
/// Source: ONNX Cast-13. Integers to narrower integers keep the low bits. What the standard and C leave open is defined here: a floating point number that
/// the integer type cannot hold gives the nearest it can, NaN gives 0. Numbers to bool: everything but 0 is true.
/// </remarks>
internal sealed unsafe class ElementCast : CrewWork
{
    private const long ElementsPerUnit = 32 << 10;

    private readonly delegate*<byte*, byte*, long, void> _convert;
    private readonly int _fromBytes;
    private readonly int _toBytes;

    /// <summary>Plans a conversion.</summary>
    /// <param name="from">The type of the input; no string.</param>
    /// <param name="to">The type of the output; no string.</param>
    /// <param name="roundToHalf">True to round to float16 precision first; the output is then float32.</param>
    public ElementCast(ElementType from, ElementType to, bool roundToHalf = false)
    {
        if (roundToHalf && to != ElementType.Float32) throw new ArgumentException($"float16 values are held as float32, not {to}", nameof(to));
        _fromBytes = from.SizeInBytes();
        _toBytes = to.SizeInBytes();
        _convert = from switch
        {
            ElementType.Bool => FromBool(to),
            ElementType.Float32 => From<float>(to, roundToHalf),
            ElementType.Float64 => From<double>(to, roundToHalf),
            ElementType.Float16 => From<Half>(to, roundToHalf),
            ElementType.UInt8 => From<byte>(to, roundToHalf),
            ElementType.Int8 => From<sbyte>(to, roundToHalf),
            ElementType.UInt16 => From<ushort>(to, roundToHalf),
            ElementType.Int16 => From<short>(to, roundToHalf),
            ElementType.UInt32 => From<uint>(to, roundToHalf),
            ElementType.Int32 => From<int>(to, roundToHalf),
            ElementType.UInt64 => From<ulong>(to, roundToHalf),
            ElementType.Int64 => From<long>(to, roundToHalf),
            _ => throw new ArgumentOutOfRangeException(nameof(from), from, "expected numbers or truth values"),
        };
    }

    /// <summary>Converts elements.</summary>
    /// <param name="from">The input.</param>
    /// <param name="to">The output; must not overlap the input.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="crew">The threads that may share the work.</param>
    public void Run(byte* from, byte* to, long count, Crew crew)
    {
        var state = new State { From = from, To = to, Count = count, Units = Math.Max(1, Math.Min(crew.Size * 4, count / ElementsPerUnit)) };
        crew.For(this, &state, (int)state.Units);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        ref var s = ref *(State*)state;
        long first = s.Count * unit / s.Units, end = s.Count * (unit + 1) / s.Units;
        _convert(s.From + (first * _fromBytes), s.To + (first * _toBytes), end - first);
    }

    private static delegate*<byte*, byte*, long, void> From<TFrom>(ElementType to, bool roundToHalf) where TFrom : unmanaged, INumber<TFrom> => to switch
    {
        ElementType.Bool => &ToBool<TFrom>,
        ElementType.Float32 => roundToHalf ? &ThroughHalf<TFrom> : &Convert<TFrom, float>,
        ElementType.Float64 => &Convert<TFrom, double>,
        ElementType.Float16 => &Convert<TFrom, Half>,
        ElementType.UInt8 => &Convert<TFrom, byte>,
        ElementType.Int8 => &Convert<TFrom, sbyte>,
        ElementType.UInt16 => &Convert<TFrom, ushort>,
        ElementType.Int16 => &Convert<TFrom, short>,
        ElementType.UInt32 => &Convert<TFrom, uint>,
        ElementType.Int32 => &Convert<TFrom, int>,
        ElementType.UInt64 => &Convert<TFrom, ulong>,
        ElementType.Int64 => &Convert<TFrom, long>,
        _ => throw new ArgumentOutOfRangeException(nameof(to), to, "expected numbers or truth values"),
    };

    private static delegate*<byte*, byte*, long, void> FromBool(ElementType to) => to switch
    {
        ElementType.Bool => &BoolTo<byte>,
        ElementType.Float32 => &BoolTo<float>,
        ElementType.Float64 => &BoolTo<double>,
        ElementType.Float16 => &BoolTo<Half>,
        ElementType.UInt8 => &BoolTo<byte>,
        ElementType.Int8 => &BoolTo<sbyte>,
        ElementType.UInt16 => &BoolTo<ushort>,
        ElementType.Int16 => &BoolTo<short>,
        ElementType.UInt32 => &BoolTo<uint>,
        ElementType.Int32 => &BoolTo<int>,
        ElementType.UInt64 => &BoolTo<ulong>,
        ElementType.Int64 => &BoolTo<long>,
        _ => throw new ArgumentOutOfRangeException(nameof(to), to, "expected numbers or truth values"),
    };

    private static void Convert<TFrom, TTo>(byte* from, byte* to, long count) where TFrom : unmanaged, INumber<TFrom> where TTo : unmanaged, INumber<TTo>
    {
        TFrom* x = (TFrom*)from;
        TTo* y = (TTo*)to;
        if (IsFloat<TFrom>() || IsFloat<TTo>())
            for (long i = 0; i < count; i++) y[i] = TTo.CreateSaturating(x[i]);
        else
            for (long i = 0; i < count; i++) y[i] = TTo.CreateTruncating(x[i]);
    }

    private static void ThroughHalf<TFrom>(byte* from, byte* to, long count) where TFrom : unmanaged, INumber<TFrom>
    {
        TFrom* x = (TFrom*)from;
        float* y = (float*)to;
        for (long i = 0; i < count; i++) y[i] = (float)Half.CreateSaturating(x[i]);
    }

    private static void ToBool<TFrom>(byte* from, byte* to, long count) where TFrom : unmanaged, INumber<TFrom>
    {
        TFrom* x = (TFrom*)from;
        for (long i = 0; i < count; i++) to[i] = x[i] != TFrom.Zero ? (byte)1 : (byte)0;
    }

    private static void BoolTo<TTo>(byte* from, byte* to, long count) where TTo : unmanaged, INumber<TTo>
    {
        TTo* y = (TTo*)to;
        for (long i = 0; i < count; i++) y[i] = from[i] != 0 ? TTo.One : TTo.Zero;
    }

    private static bool IsFloat<T>() => typeof(T) == typeof(float) || typeof(T) == typeof(double) || typeof(T) == typeof(Half);

    private struct State
    {
        public byte* From;
        public byte* To;
        public long Count;
        public long Units;
    }
}
