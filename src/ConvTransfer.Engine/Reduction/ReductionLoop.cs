using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Reduction;

/// <summary>Reduces a tensor, each result by one thread. Immutable; may be run by many threads at once, allocates nothing when it runs.</summary>
internal abstract unsafe class ReductionLoop(ReductionGeometry geometry) : CrewWork
{
    private const long TermsPerUnit = 16 << 10;

    private readonly nint _perUnit = (nint)Math.Max(1, TermsPerUnit / Math.Max(1, (long)geometry.Terms));

    private protected ReductionGeometry Geometry { get; } = geometry;

    /// <summary>Computes all results.</summary>
    public void Run(void* x, void* y, Crew crew)
    {
        void** state = stackalloc void*[] { x, y };
        crew.For(this, state, checked((int)((Geometry.Results + _perUnit - 1) / _perUnit)));
    }

    internal sealed override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        nint end = Math.Min(Geometry.Results, (unit + 1) * _perUnit);
        for (nint i = unit * _perUnit; i < end; i++) Reduce(at[0], at[1], i);
    }

    private protected abstract void Reduce(void* x, void* y, nint result);
}

/// <summary>A reduction by an accumulator.</summary>
internal sealed unsafe class SumLoop<T, TAccumulator, TReduction>(ReductionGeometry geometry) : ReductionLoop(geometry)
    where T : unmanaged, INumber<T> where TAccumulator : INumber<TAccumulator> where TReduction : struct, IReduction<TAccumulator>
{
    private protected override void Reduce(void* x, void* y, nint result)
    {
        T* from = (T*)x + Geometry.Start(result);
        var sum = TReduction.Start;
        nint runs = Geometry.Inner == 0 ? 0 : Geometry.Terms / Geometry.Inner, stride = Geometry.InnerStride;
        for (nint run = 0; run < runs; run++)
        {
            T* p = from + Geometry.Run(run);
            for (nint i = 0; i < Geometry.Inner; i++, p += stride) sum = TReduction.Take(sum, TAccumulator.CreateTruncating(*p));
        }
        ((T*)y)[result] = T.CreateSaturating(TReduction.Finish(sum, Geometry.Terms));
    }
}

/// <summary>The least or the greatest element; NaN where one is NaN. Of nothing: the type's greatest, or least, number.</summary>
internal sealed unsafe class ExtremeLoop<T>(ReductionGeometry geometry, bool greatest, T ofNothing) : ReductionLoop(geometry) where T : unmanaged, INumber<T>
{
    private protected override void Reduce(void* x, void* y, nint result)
    {
        T* from = (T*)x + Geometry.Start(result);
        T best = ofNothing;
        nint runs = Geometry.Inner == 0 ? 0 : Geometry.Terms / Geometry.Inner, stride = Geometry.InnerStride;
        for (nint run = 0; run < runs; run++)
        {
            T* p = from + Geometry.Run(run);
            for (nint i = 0; i < Geometry.Inner; i++, p += stride) best = greatest ? T.Max(best, *p) : T.Min(best, *p);
        }
        ((T*)y)[result] = best;
    }
}

/// <summary>The logarithm of the sum of the exponentials, with the greatest element taken off first so that none overflows.</summary>
internal sealed unsafe class LogSumExpLoop<T>(ReductionGeometry geometry) : ReductionLoop(geometry) where T : unmanaged, INumber<T>
{
    private protected override void Reduce(void* x, void* y, nint result)
    {
        T* from = (T*)x + Geometry.Start(result);
        double most = double.NegativeInfinity, sum = 0;
        nint runs = Geometry.Inner == 0 ? 0 : Geometry.Terms / Geometry.Inner, stride = Geometry.InnerStride;
        for (int pass = 0; pass < 2; pass++)
        {
            // Infinite or no elements: nothing is taken off.
            double off = double.IsFinite(most) ? most : 0;
            for (nint run = 0; run < runs; run++)
            {
                T* p = from + Geometry.Run(run);
                for (nint i = 0; i < Geometry.Inner; i++, p += stride)
                {
                    double value = double.CreateTruncating(*p);
                    if (pass == 0) most = Math.Max(most, value);
                    else sum += Math.Exp(value - off);
                }
            }
        }
        ((T*)y)[result] = T.CreateSaturating(Math.Log(sum) + (double.IsFinite(most) ? most : 0));
    }
}

/// <summary>The index of the least or greatest element along one axis; of equal ones the first, or the last. A NaN is taken as the extreme.</summary>
internal sealed unsafe class ArgLoop<T>(ReductionGeometry geometry, bool greatest, bool last) : ReductionLoop(geometry) where T : unmanaged, INumber<T>
{
    private protected override void Reduce(void* x, void* y, nint result)
    {
        T* from = (T*)x + Geometry.Start(result);
        nint best = 0;
        for (nint i = 1; i < Geometry.Terms; i++)
        {
            T value = from[i * Geometry.InnerStride], chosen = from[best * Geometry.InnerStride];
            bool better = T.IsNaN(value) ? !T.IsNaN(chosen) : greatest ? value > chosen : value < chosen;
            if (better || (last && value == chosen)) best = i;
        }
        ((long*)y)[result] = best;
    }
}
