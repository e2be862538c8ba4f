using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Reduction;

/// <summary>The gradient of a product over axes: dX = dY · the product of all other elements that the result takes together, in double. Immutable.</summary>
/// <remarks>The product of the others is that of all over the element itself; beside a single 0 it is 0 for all but that element, beside two for every one.</remarks>
internal sealed unsafe class ProductBackward<T>(ReductionGeometry geometry) : CrewWork where T : unmanaged, INumber<T>
{
    private const long TermsPerUnit = 16 << 10;

    private readonly nint _perUnit = (nint)Math.Max(1, TermsPerUnit / Math.Max(1, (long)geometry.Terms));
    private readonly nint _runs = geometry.Inner == 0 ? 0 : geometry.Terms / geometry.Inner;

    /// <summary>Computes dX.</summary>
    /// <param name="dy">One number for each result.</param>
    /// <param name="x">The elements.</param>
    /// <param name="dx">As many.</param>
    /// <param name="crew">The threads.</param>
    public void Run(T* dy, T* x, T* dx, Crew crew)
    {
        void** state = stackalloc void*[] { dy, x, dx };
        if (geometry.Terms > 0) crew.For(this, state, checked((int)((geometry.Results + _perUnit - 1) / _perUnit)));
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        T** at = (T**)state;
        nint end = Math.Min(geometry.Results, (unit + 1) * _perUnit);
        for (nint result = unit * _perUnit; result < end; result++)
        {
            nint start = geometry.Start(result);
            Differentiate(double.CreateTruncating(at[0][result]), at[1] + start, at[2] + start);
        }
    }

    private void Differentiate(double dy, T* x, T* dx)
    {
        double product = 1;
        long zeros = 0;
        for (nint run = 0; run < _runs; run++)
        {
            T* from = x + geometry.Run(run);
            for (nint i = 0; i < geometry.Inner; i++, from += geometry.InnerStride)
            {
                if (T.IsZero(*from)) zeros++;
                else product *= double.CreateTruncating(*from);
            }
        }
        for (nint run = 0; run < _runs; run++)
        {
            T* from = x + geometry.Run(run), to = dx + geometry.Run(run);
            for (nint i = 0; i < geometry.Inner; i++, from += geometry.InnerStride, to += geometry.InnerStride)
            {
                double others = zeros == 0 ? product / double.CreateTruncating(*from) : zeros == 1 && T.IsZero(*from) ? product : 0;
                *to = T.CreateSaturating(dy * others);
            }
        }
    }
}
