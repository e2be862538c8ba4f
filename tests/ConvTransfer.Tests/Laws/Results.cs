using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Tests.Laws;

/// <summary>Named tensors that a run gave. Owns them.</summary>
internal sealed class Results(IReadOnlyList<string> names, Tensor[] tensors) : IDisposable
{
    public Tensor[] Tensors { get; } = tensors;

    /// <summary>Fails unless type, shape and every bit are equal; all NaNs are one value.</summary>
    public void AssertSameBits(Results expected, string what) => AssertClose(expected, Tolerance.Exact, what);

    /// <summary>Fails unless type and shape are equal, and every element is within the tolerance.</summary>
    public void AssertClose(Results expected, Tolerance tolerance, string what)
    {
        Assert.Equal(expected.Tensors.Length, Tensors.Length);
        for (int i = 0; i < Tensors.Length; i++)
            if (Difference(Tensors[i], expected.Tensors[i], tolerance) is { } difference) Assert.Fail($"{what}: '{names[i]}' {difference}");
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors) tensor.Dispose();
    }

    /// <summary>What is different, or null.</summary>
    public static string? Difference(Tensor actual, Tensor expected, Tolerance tolerance)
    {
        if (actual.ElementType != expected.ElementType || !actual.Shape.Equals(expected.Shape)) return $"is {actual}, expected {expected}";
        if (actual.ElementType == ElementType.String) return actual.AsStrings().SequenceEqual(expected.AsStrings()) ? null : "has other strings";
        if (actual.AsBytes().SequenceEqual(expected.AsBytes())) return null;
        return actual.ElementType switch
        {
            ElementType.Float32 => Difference(Doubles(actual), Doubles(expected), tolerance, 1.1920929e-7, float.Epsilon),
            ElementType.Float64 => Difference(Doubles(actual), Doubles(expected), tolerance, double.BitIncrement(1) - 1, double.Epsilon),
            // Rounded from float32 on one side and from double on the other: at a tie they may differ by one step.
            ElementType.Float16 => Difference(Doubles(actual), Doubles(expected), tolerance.Relative == 0 ? tolerance : tolerance.OneStep(), 9.765625e-4, 6e-8),
            _ => "has other values",
        };
    }

    /// <summary>The largest finite absolute value of a tensor of floating point numbers; 0 when there is none.</summary>
    public static double Largest(Tensor tensor) => Doubles(tensor).Where(double.IsFinite).Select(Math.Abs).Append(0).Max();

    private static double[] Doubles(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Float32 => Array.ConvertAll(tensor.AsSpan<float>().ToArray(), v => (double)v),
        ElementType.Float16 => Array.ConvertAll(tensor.AsSpan<Half>().ToArray(), v => (double)v),
        _ => tensor.AsSpan<double>().ToArray(),
    };

    private static string? Difference(double[] actual, double[] expected, Tolerance tolerance, double step, double smallest)
    {
        double scale = tolerance.IsOfTheLargest ? expected.Where(double.IsFinite).Select(Math.Abs).Append(tolerance.LargestTerm).Max() : 0;
        int worst = -1;
        double worstRatio = 1;
        for (int i = 0; i < actual.Length; i++)
        {
            double a = actual[i], e = expected[i];
            if (BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(e) || (double.IsNaN(a) && double.IsNaN(e))) continue;
            double allowed = tolerance.Relative * step * Math.Max(Math.Abs(e), scale);
            if (tolerance.Relative > 0) allowed += smallest;
            double ratio = double.IsFinite(e) && double.IsFinite(a) ? Math.Abs(a - e) / allowed : double.PositiveInfinity;
            if (double.IsNaN(ratio)) ratio = double.PositiveInfinity;
            if (ratio <= worstRatio) continue;
            (worst, worstRatio) = (i, ratio);
        }
        return worst < 0 ? null : $"[{worst}] is {actual[worst]:R}, expected {expected[worst]:R} (largest difference; allowed are {tolerance})";
    }
}
