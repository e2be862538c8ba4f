using System.Numerics;

namespace ConvTransfer.Engine.Elementwise;

// Truth values are bytes of 0 and 1.

/// <summary>x = y.</summary>
internal readonly struct EqualFunction<T> : IBinary<T, T, byte> where T : INumber<T>
{
    public static byte Apply(T x, T y) => x == y ? (byte)1 : (byte)0;
}

/// <summary>x &lt; y.</summary>
internal readonly struct LessFunction<T> : IBinary<T, T, byte> where T : INumber<T>
{
    public static byte Apply(T x, T y) => x < y ? (byte)1 : (byte)0;
}

/// <summary>x ≤ y.</summary>
internal readonly struct LessOrEqualFunction<T> : IBinary<T, T, byte> where T : INumber<T>
{
    public static byte Apply(T x, T y) => x <= y ? (byte)1 : (byte)0;
}

/// <summary>x &gt; y.</summary>
internal readonly struct GreaterFunction<T> : IBinary<T, T, byte> where T : INumber<T>
{
    public static byte Apply(T x, T y) => x > y ? (byte)1 : (byte)0;
}

/// <summary>x ≥ y.</summary>
internal readonly struct GreaterOrEqualFunction<T> : IBinary<T, T, byte> where T : INumber<T>
{
    public static byte Apply(T x, T y) => x >= y ? (byte)1 : (byte)0;
}

/// <summary>Both are true.</summary>
internal readonly struct AndFunction : IBinary<byte, byte, byte>
{
    public static byte Apply(byte x, byte y) => x != 0 && y != 0 ? (byte)1 : (byte)0;
}

/// <summary>At least one is true.</summary>
internal readonly struct OrFunction : IBinary<byte, byte, byte>
{
    public static byte Apply(byte x, byte y) => x != 0 || y != 0 ? (byte)1 : (byte)0;
}

/// <summary>Exactly one is true.</summary>
internal readonly struct XorFunction : IBinary<byte, byte, byte>
{
    public static byte Apply(byte x, byte y) => (x != 0) != (y != 0) ? (byte)1 : (byte)0;
}
