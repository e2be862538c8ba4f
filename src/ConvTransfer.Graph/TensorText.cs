using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Graphs;

/// <summary>Says how two constant tensors differ.</summary>
internal static class TensorText
{
    /// <summary>The difference in a few words, or null when type, shape and every bit are equal.</summary>
    public static string? Difference(TensorData was, TensorData now)
    {
        if (was.HasSameContent(now)) return null;
        if (was.ElementType != now.ElementType || was.Dims != now.Dims) return $"{was.Type} → {now.Type}";
        if (was.ElementType == ElementType.String) return Counted(was, Enumerable.Range(0, Math.Min(was.Strings.Count, now.Strings.Count)).Count(i => !was.Strings[i].Span.SequenceEqual(now.Strings[i].Span)), was.Strings.Count, null);
        return was.ElementType switch
        {
            ElementType.Float32 => Numbers<float>(was, now),
            ElementType.Float64 => Numbers<double>(was, now),
            ElementType.Float16 => Numbers<Half>(was, now),
            _ => Bits(was, now),
        };
    }

    private static string Numbers<T>(TensorData was, TensorData now) where T : unmanaged, System.Numerics.INumberBase<T>
    {
        int size = Unsafe.SizeOf<T>();
        var oldBits = was.Bytes.Span;
        var newBits = now.Bytes.Span;
        var a = MemoryMarshal.Cast<byte, T>(oldBits);
        var b = MemoryMarshal.Cast<byte, T>(newBits);
        int differing = 0;
        double largest = 0;
        for (int i = 0; i < a.Length; i++)
        {
            if (oldBits.Slice(i * size, size).SequenceEqual(newBits.Slice(i * size, size))) continue;
            differing++;
            double distance = Math.Abs(double.CreateChecked(a[i]) - double.CreateChecked(b[i]));
            // Max would let a number hide a NaN only one way round; a difference that is no number is the one to show.
            largest = double.IsNaN(distance) || double.IsNaN(largest) ? double.NaN : Math.Max(largest, distance);
        }
        return Counted(was, differing, a.Length, largest);
    }

    private static string Bits(TensorData was, TensorData now)
    {
        int bits = was.ElementType.StoredBits(), size = Math.Max(1, bits / 8), differing = 0;
        var a = was.Bytes.Span;
        var b = now.Bytes.Span;
        for (int i = 0; i + size <= a.Length; i += size)
            if (!a.Slice(i, size).SequenceEqual(b.Slice(i, size))) differing++;
        return bits >= 8 ? Counted(was, differing, a.Length / size, null) : string.Create(CultureInfo.InvariantCulture, $"{was.Type}: {differing} of {a.Length} bytes differ");
    }

    private static string Counted(TensorData tensor, int differing, int count, double? largest) =>
        string.Create(CultureInfo.InvariantCulture, $"{tensor.Type}: {differing} of {count} elements differ{(largest is double most ? $", the largest difference is {most:G6}" : "")}");
}
