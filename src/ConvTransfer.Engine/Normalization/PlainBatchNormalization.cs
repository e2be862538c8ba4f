using System.Numerics;

namespace ConvTransfer.Engine.Normalization;

/// <summary>Batch normalization element by element in double: the yardstick, and the routine for float64.</summary>
internal sealed unsafe class PlainBatchNormalization<T>(nint images, nint channels, nint positions, double epsilon) : BatchNormalizationWork<T>(images, channels, positions, epsilon)
    where T : unmanaged, INumber<T>
{
    protected override double RowSum(T* x, nint count)
    {
        double sum = 0;
        for (nint i = 0; i < count; i++) sum += Read(x + i);
        return sum;
    }

    protected override double RowSquares(T* x, double mean, nint count)
    {
        double sum = 0;
        for (nint i = 0; i < count; i++) sum += (Read(x + i) - mean) * (Read(x + i) - mean);
        return sum;
    }

    protected override double RowDeviations(T* x, double mean, nint count)
    {
        double sum = 0;
        for (nint i = 0; i < count; i++) sum += Read(x + i) - mean;
        return sum;
    }

    protected override double RowProducts(T* dy, T* x, double mean, nint count)
    {
        double sum = 0;
        for (nint i = 0; i < count; i++) sum += Read(dy + i) * (Read(x + i) - mean);
        return sum;
    }

    protected override void Normalize(T* x, double mean, double factor, double shift, T* y, nint count)
    {
        for (nint i = 0; i < count; i++) Write(((Read(x + i) - mean) * factor) + shift, y + i);
    }

    protected override void Differentiate(T* dy, T* x, double mean, double a, double b, double c, T* dx, nint count)
    {
        for (nint i = 0; i < count; i++) Write((a * Read(dy + i)) + (b * (Read(x + i) - mean)) + c, dx + i);
    }

    protected override double Read(T* at) => double.CreateTruncating(*at);

    protected override void Write(double value, T* at) => *at = T.CreateTruncating(value);
}
