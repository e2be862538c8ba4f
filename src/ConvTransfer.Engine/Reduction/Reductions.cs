using System.Numerics;

namespace ConvTransfer.Engine.Reduction;

/// <summary>How elements are taken together: one after the other in C order, in an accumulator that holds them exactly or in double.</summary>
internal interface IReduction<TAccumulator>
{
    /// <summary>The accumulator before the first element.</summary>
    static abstract TAccumulator Start { get; }

    /// <summary>Takes one element in.</summary>
    static abstract TAccumulator Take(TAccumulator sum, TAccumulator x);

    /// <summary>The result of so many elements.</summary>
    static abstract TAccumulator Finish(TAccumulator sum, nint count);
}

/// <summary>The sum.</summary>
internal readonly struct SumReduction<T> : IReduction<T> where T : INumber<T>
{
    public static T Start => T.Zero;

    public static T Take(T sum, T x) => unchecked(sum + x);

    public static T Finish(T sum, nint count) => sum;
}

/// <summary>The mean; of integers cut towards zero. The mean of nothing is NaN, of integers 0.</summary>
internal readonly struct MeanReduction<T> : IReduction<T> where T : INumber<T>
{
    public static T Start => T.Zero;

    public static T Take(T sum, T x) => unchecked(sum + x);

    public static T Finish(T sum, nint count) => count == 0 && T.IsInteger(T.One / (T.One + T.One)) ? T.Zero : sum / T.CreateTruncating(count);
}

/// <summary>The product.</summary>
internal readonly struct ProductReduction<T> : IReduction<T> where T : INumber<T>
{
    public static T Start => T.One;

    public static T Take(T sum, T x) => unchecked(sum * x);

    public static T Finish(T sum, nint count) => sum;
}

/// <summary>The sum of absolute values.</summary>
internal readonly struct L1Reduction<T> : IReduction<T> where T : INumber<T>
{
    public static T Start => T.Zero;

    public static T Take(T sum, T x) => unchecked(sum + (T.IsNegative(x) ? T.Zero - x : x));

    public static T Finish(T sum, nint count) => sum;
}

/// <summary>The sum of squares.</summary>
internal readonly struct SumSquareReduction<T> : IReduction<T> where T : INumber<T>
{
    public static T Start => T.Zero;

    public static T Take(T sum, T x) => unchecked(sum + (x * x));

    public static T Finish(T sum, nint count) => sum;
}

/// <summary>The root of the sum of squares.</summary>
internal readonly struct L2Reduction : IReduction<double>
{
    public static double Start => 0;

    public static double Take(double sum, double x) => sum + (x * x);

    public static double Finish(double sum, nint count) => Math.Sqrt(sum);
}

/// <summary>The logarithm of the sum.</summary>
internal readonly struct LogSumReduction : IReduction<double>
{
    public static double Start => 0;

    public static double Take(double sum, double x) => sum + x;

    public static double Finish(double sum, nint count) => Math.Log(sum);
}
