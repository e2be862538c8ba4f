using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>For every label − log p(label) · weight(label), in double; all of them, their sum, or their weighted mean. Immutable; allocates nothing when it runs.</summary>
/// <remarks>A unit's losses are added up row by row and the units in their order: the bits do not depend on the threads.</remarks>
internal sealed unsafe class LabelLoss<T>(LabelLossGeometry g) : CrewWork where T : unmanaged, INumber<T>
{
    /// <summary>Working memory in bytes.</summary>
    public long ScratchBytes => g.Reduction == LossReduction.None ? 0 : 2L * g.Units * sizeof(double);

    /// <summary>Computes the losses.</summary>
    /// <param name="x">[images, classes, positions].</param>
    /// <param name="labels">[images, positions], each 0 to classes − 1 or the ignored one.</param>
    /// <param name="weights">[classes], or null for 1.</param>
    /// <param name="y">[images, positions], or a single number.</param>
    /// <param name="logarithms">[images, classes, positions]: log p of scores; null where nobody asks for it.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, aligned to 8.</param>
    /// <param name="crew">The threads.</param>
    public void Run(T* x, void* labels, T* weights, T* y, T* logarithms, byte* scratch, Crew crew)
    {
        void** state = stackalloc void*[] { x, labels, weights, y, logarithms, scratch };
        crew.For(this, state, g.Units);
        if (g.Reduction == LossReduction.None || y is null) return;
        double loss = 0, weight = 0;
        for (int unit = 0; unit < g.Units; unit++)
        {
            loss += ((double*)scratch)[2 * unit];
            weight += ((double*)scratch)[(2 * unit) + 1];
        }
        *y = T.CreateSaturating(g.Reduction == LossReduction.Mean ? loss / weight : loss);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        T* x = (T*)at[0], weights = (T*)at[2], y = (T*)at[3], logarithms = (T*)at[4];
        double losses = 0, total = 0;
        nint end = Math.Min(g.Rows, (unit + 1) * g.RowsPerUnit);
        for (nint row = unit * g.RowsPerUnit; row < end; row++)
        {
            long label = g.Label(at[1], row);
            nint start = g.Start(row);
            var (most, logSum) = g.OfScores ? LogSum(x + start) : (0, 0);
            double loss = 0;
            if (g.Counts(label))
            {
                double weight = weights is null ? 1 : double.CreateTruncating(weights[label]);
                loss = -(double.CreateTruncating(x[start + ((nint)label * g.Positions)]) - most - logSum) * weight;
                total += weight;
            }
            losses += loss;
            if (g.Reduction == LossReduction.None && y is not null) y[row] = T.CreateSaturating(loss);
            if (logarithms is null) continue;
            for (nint c = 0; c < g.Classes; c++) logarithms[start + (c * g.Positions)] = T.CreateSaturating(double.CreateTruncating(x[start + (c * g.Positions)]) - most - logSum);
        }
        if (g.Reduction == LossReduction.None) return;
        ((double*)at[5])[2 * unit] = losses;
        ((double*)at[5])[(2 * unit) + 1] = total;
    }

    private (double Most, double LogSum) LogSum(T* x)
    {
        double most = double.NegativeInfinity, sum = 0;
        for (nint c = 0; c < g.Classes; c++) most = Math.Max(most, double.CreateTruncating(x[c * g.Positions]));
        for (nint c = 0; c < g.Classes; c++) sum += Math.Exp(double.CreateTruncating(x[c * g.Positions]) - most);
        return (most, Math.Log(sum));
    }
}
