using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>Which scale and shift an element has: element i of row r takes number (r mod rows) · perRow + i / run.</summary>
/// <param name="Rows">The rows that have numbers of their own.</param>
/// <param name="PerRow">How many numbers a row has.</param>
/// <param name="Run">The neighbours that share one; a row has perRow · run elements.</param>
internal readonly record struct ScaleLayout(nint Rows, nint PerRow, nint Run);

/// <summary>(x - mean) / sqrt(variance + epsilon) · scale + shift with the mean and variance of each row of [rows, length], in double. Immutable; allocates nothing when it runs.</summary>
/// <remarks>What layer, group and instance normalization have in common: they differ in what a row is, and in what shares a scale.</remarks>
internal sealed unsafe class RowNormalization<T>(nint rows, ScaleLayout layout, double epsilon) : CrewWork where T : unmanaged, INumber<T>
{
    private readonly nint _length = layout.PerRow * layout.Run;

    /// <summary>Computes all rows.</summary>
    /// <param name="x">[rows, length].</param>
    /// <param name="scale">[layout.Rows · layout.PerRow].</param>
    /// <param name="shift">As many; null for 0.</param>
    /// <param name="y">[rows, length].</param>
    /// <param name="mean">[rows], or null.</param>
    /// <param name="inverse">[rows]: 1 / sqrt(variance + epsilon), or null.</param>
    /// <param name="crew">The threads that may share the work.</param>
    public void Run(T* x, T* scale, T* shift, T* y, float* mean, float* inverse, Crew crew)
    {
        void** state = stackalloc void*[] { x, scale, shift, y, mean, inverse };
        crew.For(this, state, checked((int)((rows + RowsPerUnit - 1) / RowsPerUnit)));
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        nint end = Math.Min(rows, (unit + 1) * RowsPerUnit);
        float* means = (float*)at[4], inverses = (float*)at[5];
        for (nint row = unit * RowsPerUnit; row < end; row++)
        {
            T* x = (T*)at[0] + (row * _length);
            var (mean, variance) = Moments(x);
            double inverse = 1 / Math.Sqrt(variance + epsilon);
            nint first = row % layout.Rows * layout.PerRow;
            Normalize(x, mean, inverse, (T*)at[1] + first, at[2] is null ? null : (T*)at[2] + first, (T*)at[3] + (row * _length));
            if (means is not null) means[row] = (float)mean;
            if (inverses is not null) inverses[row] = (float)inverse;
        }
    }

    private nint RowsPerUnit => Math.Max(1, 4096 / Math.Max(1, _length));

    // Four sums side by side, so that none waits for the addition before; their order is the row's alone.
    private (double Mean, double Variance) Moments(T* x)
    {
        double a = 0, b = 0, c = 0, d = 0;
        nint i = 0;
        for (; i + 4 <= _length; i += 4)
        {
            a += double.CreateTruncating(x[i]);
            b += double.CreateTruncating(x[i + 1]);
            c += double.CreateTruncating(x[i + 2]);
            d += double.CreateTruncating(x[i + 3]);
        }
        for (; i < _length; i++) a += double.CreateTruncating(x[i]);
        double mean = (a + b + (c + d)) / _length;
        a = b = c = d = 0;
        for (i = 0; i + 4 <= _length; i += 4)
        {
            a += Square(x[i], mean);
            b += Square(x[i + 1], mean);
            c += Square(x[i + 2], mean);
            d += Square(x[i + 3], mean);
        }
        for (; i < _length; i++) a += Square(x[i], mean);
        return (mean, (a + b + (c + d)) / _length);
    }

    private static double Square(T x, double mean)
    {
        double off = double.CreateTruncating(x) - mean;
        return off * off;
    }

    private void Normalize(T* x, double mean, double inverse, T* scale, T* shift, T* y)
    {
        if (layout.Run == 1)
        {
            for (nint i = 0; i < _length; i++) y[i] = T.CreateSaturating(((double.CreateTruncating(x[i]) - mean) * (double.CreateTruncating(scale[i]) * inverse)) + (shift is null ? 0 : double.CreateTruncating(shift[i])));
            return;
        }
        for (nint j = 0; j < layout.PerRow; j++)
        {
            double factor = double.CreateTruncating(scale[j]) * inverse, add = shift is null ? 0 : double.CreateTruncating(shift[j]);
            for (nint end = (j + 1) * layout.Run, i = end - layout.Run; i < end; i++) y[i] = T.CreateSaturating(((double.CreateTruncating(x[i]) - mean) * factor) + add);
        }
    }
}
