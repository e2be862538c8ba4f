using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>Softmax, or its logarithm, over the middle axis of [outer, length, inner]; exponentials and their sum in double. Immutable; allocates nothing when it runs.</summary>
internal sealed unsafe class SoftmaxLoop<T>(nint outer, nint length, nint inner, bool logarithm) : CrewWork where T : unmanaged, INumber<T>
{
    /// <summary>Computes all rows.</summary>
    public void Run(T* x, T* y, Crew crew)
    {
        void** state = stackalloc void*[] { x, y };
        // Few rows of many numbers are the rule; many short ones are taken together.
        nint rows = outer * inner, perUnit = Math.Max(1, 4096 / Math.Max(1, length));
        if (length > 0) crew.For(this, state, checked((int)((rows + perUnit - 1) / perUnit)));
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        T** at = (T**)state;
        nint rows = outer * inner, perUnit = Math.Max(1, 4096 / length), end = Math.Min(rows, (unit + 1) * perUnit);
        for (nint row = unit * perUnit; row < end; row++)
        {
            nint start = (row / inner * length * inner) + (row % inner);
            Row(at[0] + start, at[1] + start);
        }
    }

    private void Row(T* x, T* y)
    {
        double most = double.NegativeInfinity, sum = 0;
        for (nint i = 0; i < length; i++) most = Math.Max(most, double.CreateTruncating(x[i * inner]));
        for (nint i = 0; i < length; i++) sum += Math.Exp(double.CreateTruncating(x[i * inner]) - most);
        double logSum = logarithm ? Math.Log(sum) : 0;
        for (nint i = 0; i < length; i++)
        {
            double value = double.CreateTruncating(x[i * inner]) - most;
            y[i * inner] = T.CreateSaturating(logarithm ? value - logSum : Math.Exp(value) / sum);
        }
    }
}
