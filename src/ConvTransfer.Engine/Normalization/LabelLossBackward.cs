using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>The gradient of a <see cref="LabelLoss{T}"/> by X, in double: dy · weight(label) · (p − e), where e is 1 at the label; for logarithms of probabilities dy · weight(label) · −e. Immutable.</summary>
internal sealed unsafe class LabelLossBackward<T>(LabelLossGeometry g) : CrewWork where T : unmanaged, INumber<T>
{
    /// <summary>Computes dX.</summary>
    /// <param name="dy">[images, positions], or a single number.</param>
    /// <param name="x">[images, classes, positions].</param>
    /// <param name="labels">[images, positions], each 0 to classes − 1 or the ignored one.</param>
    /// <param name="weights">[classes], or null for 1.</param>
    /// <param name="dx">[images, classes, positions].</param>
    /// <param name="crew">The threads.</param>
    public void Run(T* dy, T* x, void* labels, T* weights, T* dx, Crew crew)
    {
        double over = 1;
        if (g.Reduction == LossReduction.Mean)
        {
            over = 0;
            for (nint row = 0; row < g.Rows; row++) over += Weight(g.Label(labels, row), weights);
        }
        void** state = stackalloc void*[] { dy, x, labels, weights, dx, &over };
        crew.For(this, state, g.Units);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        T* dy = (T*)at[0], x = (T*)at[1], dx = (T*)at[4];
        nint end = Math.Min(g.Rows, (unit + 1) * g.RowsPerUnit);
        for (nint row = unit * g.RowsPerUnit; row < end; row++)
        {
            long label = g.Label(at[2], row);
            double factor = double.CreateTruncating(dy[g.Reduction == LossReduction.None ? row : 0]) / *(double*)at[5] * Weight(label, (T*)at[3]);
            nint start = g.Start(row);
            if (g.OfScores && g.Counts(label)) Softmax(x + start, label, factor, dx + start);
            else Clear(dx + start);
            if (!g.OfScores && g.Counts(label)) dx[start + ((nint)label * g.Positions)] = T.CreateSaturating(-factor);
        }
    }

    private double Weight(long label, T* weights) => !g.Counts(label) ? 0 : weights is null ? 1 : double.CreateTruncating(weights[label]);

    private void Clear(T* dx)
    {
        for (nint c = 0; c < g.Classes; c++) dx[c * g.Positions] = T.Zero;
    }

    private void Softmax(T* x, long label, double factor, T* dx)
    {
        double most = double.NegativeInfinity, sum = 0;
        for (nint c = 0; c < g.Classes; c++) most = Math.Max(most, double.CreateTruncating(x[c * g.Positions]));
        for (nint c = 0; c < g.Classes; c++) sum += Math.Exp(double.CreateTruncating(x[c * g.Positions]) - most);
        for (nint c = 0; c < g.Classes; c++) dx[c * g.Positions] = T.CreateSaturating(((Math.Exp(double.CreateTruncating(x[c * g.Positions]) - most) / sum) - (c == label ? 1 : 0)) * factor);
    }
}
