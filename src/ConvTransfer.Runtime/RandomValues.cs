using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Runtime;

/// <summary>Seeded inputs for trials and measurements, where any values serve.</summary>
internal static class RandomValues
{
    /// <summary>Fills a tensor: real numbers uniform in [-1, 1), bytes uniform, everything else keeps its zeros.</summary>
    public static void Fill(Tensor tensor, long seed, long purpose)
    {
        var random = new CounterRandom(seed, purpose: purpose);
        switch (tensor.ElementType)
        {
            case ElementType.Float32:
                foreach (ref float value in tensor.AsSpan<float>()) value = (float)((2 * random.NextDouble()) - 1);
                break;
            case ElementType.Float64:
                foreach (ref double value in tensor.AsSpan<double>()) value = (2 * random.NextDouble()) - 1;
                break;
            case ElementType.Float16:
                foreach (ref var value in tensor.AsSpan<Half>()) value = (Half)((2 * random.NextDouble()) - 1);
                break;
            case ElementType.UInt8:
                foreach (ref byte value in tensor.AsSpan<byte>()) value = (byte)random.Next(256);
                break;
        }
    }
}
