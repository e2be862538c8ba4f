using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators;

/// <summary>float16 values are computed in float32: these are the two crossings.</summary>
internal static class HalfConversion
{
    /// <summary>A tensor of its own with the same values, float16 as float32.</summary>
    public static Tensor WidenedCopy(Tensor tensor) => tensor.ElementType == ElementType.Float16 ? Widen(tensor.Clone()) : tensor.Clone();

    /// <summary>The values as float32; disposes the given tensor.</summary>
    public static Tensor Widen(Tensor half)
    {
        using (half)
        {
            var wide = Tensor.Uninitialized(ElementType.Float32, half.Shape);
            Widen(half.AsSpan<Half>(), wide.AsSpan<float>());
            return wide;
        }
    }

    /// <summary>The values as float32.</summary>
    public static void Widen(ReadOnlySpan<Half> from, Span<float> to)
    {
        for (int i = 0; i < from.Length; i++) to[i] = (float)from[i];
    }

    /// <summary>The values rounded to the nearest float16, ties to even; beyond its range infinity.</summary>
    public static void Narrow(ReadOnlySpan<float> from, Span<Half> to)
    {
        for (int i = 0; i < from.Length; i++) to[i] = (Half)from[i];
    }
}
