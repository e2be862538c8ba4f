using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>Which scale and shift an element has: element i of row r takes number (r mod rows) · perRow + i / run.</summary>
/// <param name="Rows">The rows that have numbers of their own.</param>
/// <param name="PerRow">How many numbers a row has.</param>
/// <param name="Run">The neighbours that share one; a row has perRow · run elements.</param>
internal readonly record struct ScaleLayout(nint Rows, nint PerRow, nint Run);

/// <summary>What the normalizations of float32 have in common.</summary>
internal static class RowNormalization
{
    private const double FarDeviations = 4;

    /// <summary>True where the elements lie so far from 0, for how much they differ, that a mean from sums in float32 is off by more than they are.</summary>
    public static bool IsFar(double mean, double variance) => mean * mean > FarDeviations * FarDeviations * variance;
}

/// <summary>(x - mean) / sqrt(variance + epsilon) · scale + shift with the mean and variance of each row of [rows, length]. Immutable; allocates nothing when it runs.</summary>
/// <remarks>What layer, group and instance normalization have in common: they differ in what a row is, and in what shares a scale.</remarks>
internal abstract unsafe class RowNormalization<T>(nint rows, ScaleLayout layout, double epsilon) : CrewWork where T : unmanaged
{
    private readonly nint _length = layout.PerRow * layout.Run;

    /// <summary>What has which scale.</summary>
    protected ScaleLayout Layout => layout;

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
        // Rows without elements take no bytes of a file, however many they are.
        if (_length == 0 && mean is null && inverse is null) return;
        void** state = stackalloc void*[] { x, scale, shift, y, mean, inverse };
        crew.For(this, state, checked((int)((rows + RowsPerUnit - 1) / RowsPerUnit)));
    }

    internal sealed override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        nint end = Math.Min(rows, (unit + 1) * RowsPerUnit);
        float* means = (float*)at[4], inverses = (float*)at[5];
        for (nint row = unit * RowsPerUnit; row < end; row++)
        {
            T* x = (T*)at[0] + (row * _length);
            var (mean, variance) = Moments(x, _length);
            double inverse = 1 / Math.Sqrt(variance + epsilon);
            nint first = row % layout.Rows * layout.PerRow;
            Normalize(x, _length, mean, inverse, (T*)at[1] + first, at[2] is null ? null : (T*)at[2] + first, (T*)at[3] + (row * _length));
            if (means is not null) means[row] = (float)mean;
            if (inverses is not null) inverses[row] = (float)inverse;
        }
    }

    private nint RowsPerUnit => Math.Max(1, 4096 / Math.Max(1, _length));

    /// <summary>The mean of a row, and the mean square of what is off it.</summary>
    protected abstract (double Mean, double Variance) Moments(T* x, nint length);

    /// <summary>y = (x − mean) · inverse · scale + shift for one row, with the row's own scale and shift.</summary>
    protected abstract void Normalize(T* x, nint length, double mean, double inverse, T* scale, T* shift, T* y);
}
