using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Pooling;

/// <summary>A planned pool of whole planes of float32. Immutable.</summary>
internal abstract unsafe class GlobalPooling : CrewWork
{
    /// <summary>The pool for a width of vectors.</summary>
    /// <param name="planes">The number of planes.</param>
    /// <param name="plane">Elements of a plane.</param>
    /// <param name="average">True for the mean, false for the greatest element.</param>
    /// <param name="width">The width.</param>
    public static GlobalPooling Create(int planes, int plane, bool average, VectorWidth width) => (width, average) switch
    {
        (VectorWidth.Bits512, true) => new GlobalPooling<F32x16, AverageOperation>(planes, plane),
        (VectorWidth.Bits512, false) => new GlobalPooling<F32x16, MaxOperation>(planes, plane),
        (VectorWidth.Bits256, true) => new GlobalPooling<F32x8, AverageOperation>(planes, plane),
        (VectorWidth.Bits256, false) => new GlobalPooling<F32x8, MaxOperation>(planes, plane),
        (_, true) => new GlobalPooling<F32x4, AverageOperation>(planes, plane),
        (_, false) => new GlobalPooling<F32x4, MaxOperation>(planes, plane),
    };

    /// <summary>Pools [planes, plane] to [planes].</summary>
    public abstract void Run(float* x, float* y, Crew crew);
}

/// <summary>Each plane is taken in four interleaved vectors of partial results, then lane by lane: an order that the plane's size and the width fix.</summary>
internal sealed unsafe class GlobalPooling<V, TOperation>(int planes, int plane) : GlobalPooling
    where V : unmanaged, IVector<V>
    where TOperation : struct, IPoolOperation
{
    private readonly int _planesPerUnit = Math.Max(1, 16384 / Math.Max(1, plane));

    private struct Operands
    {
        public float* X, Y;
    }

    public override void Run(float* x, float* y, Crew crew)
    {
        var operands = new Operands { X = x, Y = y };
        crew.For(this, &operands, (planes + _planesPerUnit - 1) / _planesPerUnit);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void RunUnit(void* state, int unit, int worker)
    {
        var operands = (Operands*)state;
        float* lanes = stackalloc float[V.Count];
        for (nint p = (nint)unit * _planesPerUnit; p < Math.Min(planes, (nint)(unit + 1) * _planesPerUnit); p++)
        {
            float* x = operands->X + (p * plane);
            V a = V.Splat(TOperation.Start), b = a, c = a, d = a;
            int i = 0;
            for (; i + (4 * V.Count) <= plane; i += 4 * V.Count)
            {
                a = TOperation.Combine(a, V.Load(x + i));
                b = TOperation.Combine(b, V.Load(x + i + V.Count));
                c = TOperation.Combine(c, V.Load(x + i + (2 * V.Count)));
                d = TOperation.Combine(d, V.Load(x + i + (3 * V.Count)));
            }
            for (; i + V.Count <= plane; i += V.Count) a = TOperation.Combine(a, V.Load(x + i));
            V.Store(TOperation.Combine(TOperation.Combine(a, b), TOperation.Combine(c, d)), lanes);
            F32x1 result = F32x1.Splat(TOperation.Start);
            for (int j = 0; j < V.Count; j++) result = TOperation.Combine(result, F32x1.Load(lanes + j));
            for (; i < plane; i++) result = TOperation.Combine(result, F32x1.Load(x + i));
            F32x1.Store(TOperation.Finish(result, F32x1.Splat(plane)), operands->Y + p);
        }
    }
}
