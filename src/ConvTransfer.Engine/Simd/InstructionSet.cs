using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ConvTransfer.Engine.Simd;

/// <summary>What of the processor decides the bits of a result.</summary>
internal static class InstructionSet
{
    /// <summary>The architecture, the bits of the widest vector in use, and whether products are added without a rounding between.</summary>
    public static string Name => string.Create(CultureInfo.InvariantCulture,
        $"{RuntimeInformation.ProcessArchitecture} {32 * (int)VectorWidths.Best} {(FusesProducts ? "fused" : "rounded")} {Vector128.IsHardwareAccelerated}");

    private static bool FusesProducts => Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;
}
