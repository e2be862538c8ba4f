using System.Numerics;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Elementwise;

/// <summary>x + y; integers wrap.</summary>
internal readonly struct AddFunction<T> : IBinary<T, T, T>, IVectorBinary where T : INumber<T>
{
    public static T Apply(T x, T y) => unchecked(x + y);

    public static V Apply<V>(V x, V y) where V : unmanaged, IVector<V> => x + y;
}

/// <summary>x - y; integers wrap.</summary>
internal readonly struct SubtractFunction<T> : IBinary<T, T, T>, IVectorBinary where T : INumber<T>
{
    public static T Apply(T x, T y) => unchecked(x - y);

    public static V Apply<V>(V x, V y) where V : unmanaged, IVector<V> => x - y;
}

/// <summary>x · y; integers wrap.</summary>
internal readonly struct MultiplyFunction<T> : IBinary<T, T, T>, IVectorBinary where T : INumber<T>
{
    public static T Apply(T x, T y) => unchecked(x * y);

    public static V Apply<V>(V x, V y) where V : unmanaged, IVector<V> => x * y;
}

/// <summary>x / y; integers towards zero. What C leaves open is defined: an integer divided by 0 gives 0, the least one by -1 itself.</summary>
internal readonly struct DivideFunction<T> : IBinary<T, T, T>, IVectorBinary where T : INumber<T>
{
    private static readonly bool IsInteger = T.IsInteger(T.One / (T.One + T.One));

    public static T Apply(T x, T y)
    {
        if (!IsInteger) return x / y;
        if (T.IsZero(y)) return T.Zero;
        return T.IsNegative(y) && y == -T.One ? unchecked(T.Zero - x) : x / y;
    }

    public static V Apply<V>(V x, V y) where V : unmanaged, IVector<V> => x / y;
}

/// <summary>The remainder of integers with the divisor's sign, as in Python; 0 where the divisor is 0.</summary>
internal readonly struct FloorModulusFunction<T> : IBinary<T, T, T> where T : INumber<T>
{
    public static T Apply(T x, T y)
    {
        var rest = TruncatedModulusFunction<T>.Apply(x, y);
        return !T.IsZero(rest) && T.IsNegative(rest) != T.IsNegative(y) ? rest + y : rest;
    }
}

/// <summary>The remainder with the dividend's sign, as C's fmod; of integers 0 where the divisor is 0.</summary>
internal readonly struct TruncatedModulusFunction<T> : IBinary<T, T, T> where T : INumber<T>
{
    private static readonly bool IsInteger = T.IsInteger(T.One / (T.One + T.One));

    public static T Apply(T x, T y)
    {
        if (!IsInteger) return x % y;
        return T.IsZero(y) || (T.IsNegative(y) && y == -T.One) ? T.Zero : x % y;
    }
}

/// <summary>The lesser number; NaN where one of them is NaN.</summary>
internal readonly struct MinimumFunction<T> : IBinary<T, T, T>, IVectorBinary where T : INumber<T>
{
    public static T Apply(T x, T y) => T.Min(x, y);

    public static V Apply<V>(V x, V y) where V : unmanaged, IVector<V> => V.Min(x, y);
}

/// <summary>The greater number; NaN where one of them is NaN.</summary>
internal readonly struct MaximumFunction<T> : IBinary<T, T, T>, IVectorBinary where T : INumber<T>
{
    public static T Apply(T x, T y) => T.Max(x, y);

    public static V Apply<V>(V x, V y) where V : unmanaged, IVector<V> => V.Max(x, y);
}

/// <summary>x to the power of y, computed in double; of integers to a power that is a whole number exactly, wrapping.</summary>
internal readonly struct PowerFunction<TX, TY> : IBinary<TX, TY, TX> where TX : INumber<TX> where TY : INumber<TY>
{
    private static readonly bool IsInteger = TX.IsInteger(TX.One / (TX.One + TX.One));

    public static TX Apply(TX x, TY y)
    {
        if (!IsInteger || !TY.IsInteger(y) || TY.IsNegative(y)) return TX.CreateSaturating(Math.Pow(double.CreateSaturating(x), double.CreateSaturating(y)));
        TX result = TX.One, square = x;
        for (ulong rest = ulong.CreateSaturating(y); rest > 0; rest >>= 1)
        {
            if ((rest & 1) != 0) result = unchecked(result * square);
            square = unchecked(square * square);
        }
        return result;
    }
}

/// <summary>x where x ≥ 0, otherwise x · slope.</summary>
internal readonly struct SlopeFunction<T> : IBinary<T, T, T> where T : INumber<T>
{
    public static T Apply(T x, T slope) => x < T.Zero ? x * slope : x;
}
