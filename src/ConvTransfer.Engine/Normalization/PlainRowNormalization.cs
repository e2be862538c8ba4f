using System.Numerics;

namespace ConvTransfer.Engine.Normalization;

/// <summary>The normalization of rows element by element in double: the yardstick, and the routine for other types than float32.</summary>
internal sealed unsafe class PlainRowNormalization<T>(nint rows, ScaleLayout layout, double epsilon) : RowNormalization<T>(rows, layout, epsilon) where T : unmanaged, INumber<T>
{
    // Four sums side by side, so that none waits for the addition before; their order is the row's alone.
    protected override (double Mean, double Variance) Moments(T* x, nint length)
    {
        double a = 0, b = 0, c = 0, d = 0;
        nint i = 0;
        for (; i + 4 <= length; i += 4)
        {
            a += double.CreateTruncating(x[i]);
            b += double.CreateTruncating(x[i + 1]);
            c += double.CreateTruncating(x[i + 2]);
            d += double.CreateTruncating(x[i + 3]);
        }
        for (; i < length; i++) a += double.CreateTruncating(x[i]);
        double mean = (a + b + (c + d)) / length;
        a = b = c = d = 0;
        for (i = 0; i + 4 <= length; i += 4)
        {
            a += Square(x[i], mean);
            b += Square(x[i + 1], mean);
            c += Square(x[i + 2], mean);
            d += Square(x[i + 3], mean);
        }
        for (; i < length; i++) a += Square(x[i], mean);
        return (mean, (a + b + (c + d)) / length);
    }

    private static double Square(T x, double mean)
    {
        double off = double.CreateTruncating(x) - mean;
        return off * off;
    }

    protected override void Normalize(T* x, nint length, double mean, double inverse, T* scale, T* shift, T* y)
    {
        if (Layout.Run == 1)
        {
            for (nint i = 0; i < length; i++) y[i] = T.CreateSaturating(((double.CreateTruncating(x[i]) - mean) * (double.CreateTruncating(scale[i]) * inverse)) + (shift is null ? 0 : double.CreateTruncating(shift[i])));
            return;
        }
        for (nint j = 0; j < Layout.PerRow; j++)
        {
            double factor = double.CreateTruncating(scale[j]) * inverse, add = shift is null ? 0 : double.CreateTruncating(shift[j]);
            for (nint end = (j + 1) * Layout.Run, i = end - Layout.Run; i < end; i++) y[i] = T.CreateSaturating(((double.CreateTruncating(x[i]) - mean) * factor) + add);
        }
    }
}
