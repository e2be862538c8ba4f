using System.Globalization;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Pipelines;

/// <summary>Compares computed tensors with recorded ones.</summary>
internal static class TensorComparison
{
    /// <summary>The first difference in words, or null. NaN equals NaN; strings are compared exactly.</summary>
    public static string? Difference(Tensor actual, Tensor expected, double relative, double absolute)
    {
        if (actual.ElementType != expected.ElementType || !actual.Shape.Equals(expected.Shape)) return $"is {actual}, expected {expected}";
        if (actual.ElementType == ElementType.String) return Strings(actual.AsStrings(), expected.AsStrings());
        if (actual.AsBytes().SequenceEqual(expected.AsBytes())) return null;
        return actual.ElementType switch
        {
            ElementType.Float32 => First<float>(actual, expected, relative, absolute, v => v),
            ElementType.Float64 => First<double>(actual, expected, relative, absolute, v => v),
            ElementType.Float16 => First<Half>(actual, expected, relative, absolute, v => (double)v),
            ElementType.UInt8 => First<byte>(actual, expected, relative, absolute, v => v),
            ElementType.Int8 => First<sbyte>(actual, expected, relative, absolute, v => v),
            ElementType.UInt16 => First<ushort>(actual, expected, relative, absolute, v => v),
            ElementType.Int16 => First<short>(actual, expected, relative, absolute, v => v),
            ElementType.UInt32 => First<uint>(actual, expected, relative, absolute, v => v),
            ElementType.Int32 => First<int>(actual, expected, relative, absolute, v => v),
            ElementType.UInt64 => First<ulong>(actual, expected, relative, absolute, v => v),
            ElementType.Int64 => First<long>(actual, expected, relative, absolute, v => v),
            _ => First<bool>(actual, expected, 0, 0, v => v ? 1 : 0),
        };
    }

    private static string? First<T>(Tensor actual, Tensor expected, double relative, double absolute, Func<T, double> number) where T : unmanaged
    {
        var got = actual.AsSpan<T>();
        var want = expected.AsSpan<T>();
        for (int i = 0; i < got.Length; i++)
        {
            if (EqualityComparer<T>.Default.Equals(got[i], want[i])) continue;
            double g = number(got[i]), w = number(want[i]);
            if (double.IsNaN(g) && double.IsNaN(w)) continue;
            double allowed = absolute + (relative * Math.Abs(w)), difference = Math.Abs(g - w);
            // Large 64-bit integers may differ and yet be one double.
            if (!actual.ElementType.IsFloat()) difference = Math.Max(difference, 1);
            if (double.IsFinite(w) && difference <= allowed) continue;
            return string.Create(CultureInfo.InvariantCulture, $"has {got[i]} at {Position(expected.Shape, i)}, expected {want[i]} (allowed difference {allowed:G3})");
        }
        return null;
    }

    private static string? Strings(ReadOnlySpan<string> got, ReadOnlySpan<string> want)
    {
        for (int i = 0; i < got.Length; i++)
            if (got[i] != want[i]) return $"has '{Core.DisplayText.Escape(got[i])}' at {i}, expected '{Core.DisplayText.Escape(want[i])}'";
        return null;
    }

    private static string Position(Shape shape, long index)
    {
        long[] at = new long[shape.Rank];
        for (int axis = shape.Rank - 1; axis >= 0; axis--) (index, at[axis]) = Math.DivRem(index, shape[axis]);
        return $"[{string.Join(", ", at)}]";
    }
}
