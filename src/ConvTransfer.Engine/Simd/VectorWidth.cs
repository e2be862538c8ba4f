using System.Runtime.Intrinsics;

namespace ConvTransfer.Engine.Simd;

/// <summary>The vector widths for which kernels exist.</summary>
internal enum VectorWidth
{
    /// <summary>4 lanes of float32: <see cref="F32x4"/>.</summary>
    Bits128 = 4,

    /// <summary>8 lanes of float32: <see cref="F32x8"/>.</summary>
    Bits256 = 8,

    /// <summary>16 lanes of float32: <see cref="F32x16"/>.</summary>
    Bits512 = 16,
}

/// <summary>The choice of a width.</summary>
internal static class VectorWidths
{
    /// <summary>The widest vectors that the hardware has. Emulated ones are several times slower than narrow ones (512 bits without AVX-512: a quarter of the speed).</summary>
    public static VectorWidth Best => Vector512.IsHardwareAccelerated ? VectorWidth.Bits512 : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256 : VectorWidth.Bits128;
}
