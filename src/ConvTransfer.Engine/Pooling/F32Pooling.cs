using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Pooling;

/// <summary>A planned pool of float32. Immutable.</summary>
internal abstract unsafe class F32Pooling : CrewWork
{
    /// <summary>The pool for a width of vectors.</summary>
    /// <param name="geometry">The numbers.</param>
    /// <param name="average">True for the mean, false for the greatest element.</param>
    /// <param name="includePad">For the mean: true to count the padding as zeros.</param>
    /// <param name="width">The width.</param>
    public static F32Pooling Create(PoolGeometry geometry, bool average, bool includePad, VectorWidth width) => (width, average) switch
    {
        (VectorWidth.Bits512, true) => new F32Pooling<F32x16, AverageOperation>(geometry, includePad),
        (VectorWidth.Bits512, false) => new F32Pooling<F32x16, MaxOperation>(geometry, false),
        (VectorWidth.Bits256, true) => new F32Pooling<F32x8, AverageOperation>(geometry, includePad),
        (VectorWidth.Bits256, false) => new F32Pooling<F32x8, MaxOperation>(geometry, false),
        (_, true) => new F32Pooling<F32x4, AverageOperation>(geometry, includePad),
        (_, false) => new F32Pooling<F32x4, MaxOperation>(geometry, false),
    };

    /// <summary>Pools.</summary>
    /// <param name="x">[planes, spatial…].</param>
    /// <param name="y">[planes, spatial…]; must not overlap.</param>
    /// <param name="crew">The threads.</param>
    public abstract void Run(float* x, float* y, Crew crew);
}

/// <summary>
/// The pool in vectors along the last axis: for each output row the input rows of its window are listed, then each vector of outputs runs over rows and taps in registers.
/// Outputs whose window sticks out of the row go one by one through the same code with a vector of one lane.
/// </summary>
/// <remarks>
/// Vectors serve strides 1 and 2 along the last axis (even lanes of two vectors); other strides go one by one. The last vector of a row overlaps the one before: it computes the same numbers again.
/// Nothing is read outside the input row.
/// </remarks>
internal sealed unsafe class F32Pooling<V, TOperation>(PoolGeometry geometry, bool includePad) : F32Pooling
    where V : unmanaged, IVector<V>
    where TOperation : struct, IPoolOperation
{
    private readonly WindowAxis _last = geometry.Axes[^1];
    private readonly int _planesPerUnit = Math.Max(1, 16384 / Math.Max(1, geometry.OutputPlane * geometry.Taps));

    private struct Operands
    {
        public float* X, Y;
    }

    public override void Run(float* x, float* y, Crew crew)
    {
        var operands = new Operands { X = x, Y = y };
        crew.For(this, &operands, (geometry.Planes + _planesPerUnit - 1) / _planesPerUnit);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        var operands = (Operands*)state;
        float** rows = stackalloc float*[geometry.Taps / _last.Kernel];
        int outputRows = geometry.OutputPlane / _last.Output;
        for (nint plane = (nint)unit * _planesPerUnit; plane < Math.Min(geometry.Planes, (nint)(unit + 1) * _planesPerUnit); plane++)
        {
            float* x = operands->X + (plane * geometry.InputPlane), y = operands->Y + (plane * geometry.OutputPlane);
            for (int row = 0; row < outputRows; row++, y += _last.Output)
            {
                int count = List(x, row, rows, out int padded);
                Row(rows, count, padded, y);
            }
        }
    }

    // The input rows that an output row sees, in order; and how many rows its window has when padding counts.
    private int List(float* x, int row, float** rows, out int padded)
    {
        rows[0] = x;
        int count = 1;
        padded = 1;
        nint scale = _last.Input;
        var axes = geometry.Axes;
        // From the last outer axis to the first; the rows found so far are repeated for each tap, so that the first axis comes to vary slowest.
        for (int a = axes.Length - 2; a >= 0; a--)
        {
            int o = row % axes[a].Output, start = axes[a].First(o);
            row /= axes[a].Output;
            var (first, end) = PoolGeometry.InInput(axes[a], o);
            padded *= PoolGeometry.InPadded(axes[a], o);
            for (int t = end - 1; t >= first; t--)
                for (int i = 0; i < count; i++) rows[((t - first) * count) + i] = rows[i] + ((start + (t * axes[a].Dilation)) * scale);
            count *= end - first;
            scale *= axes[a].Input;
        }
        return count;
    }

    private void Row(float** rows, int count, int padded, float* y)
    {
        // A row that is shorter than the vector takes a narrower one: the last pools of a network have rows of 13 or 7.
        var (lo, hi) = Interior();
        if (hi - lo >= V.Count) Row<V>(rows, count, padded, y, lo, hi);
        else if (hi - lo >= F32x8.Count) Row<F32x8>(rows, count, padded, y, lo, hi);
        else if (hi - lo >= F32x4.Count) Row<F32x4>(rows, count, padded, y, lo, hi);
        else
            for (int o = 0; o < _last.Output; o++) Edge(rows, count, padded, o, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row<W>(float** rows, int count, int padded, float* y, int lo, int hi) where W : unmanaged, IVector<W>
    {
        int divisor = (includePad ? padded : count) * _last.Kernel;
        int o = 0;
        for (; o < lo; o++) Edge(rows, count, padded, o, y);
        for (; o < hi; o += W.Count)
        {
            o = Math.Min(o, hi - W.Count);
            W.Store(TOperation.Finish(Window<W>(rows, count, o, 0, _last.Kernel), divisor), y + o);
        }
        for (; o < _last.Output; o++) Edge(rows, count, padded, o, y);
    }

    private void Edge(float** rows, int count, int padded, int o, float* y)
    {
        var (first, end) = PoolGeometry.InInput(_last, o);
        int divisor = includePad ? padded * PoolGeometry.InPadded(_last, o) : count * (end - first);
        F32x1.Store(TOperation.Finish(Window<F32x1>(rows, count, o, first, end), divisor), y + o);
    }

    // The outputs whose whole window lies in the row, so far that whole vectors may be read.
    private (int Lo, int Hi) Interior()
    {
        if (_last.Stride > 2) return (0, 0);
        int lo = (_last.PadBegin + _last.Stride - 1) / _last.Stride;
        // Output o reads up to element first(o) + (kernel - 1) · dilation, a vector that ends with o one further when the stride is 2.
        int reach = ((_last.Kernel - 1) * _last.Dilation) + _last.Stride - 1 - _last.PadBegin;
        int room = _last.Input - 1 - reach;
        return (lo, room < 0 ? lo : Math.Max(lo, Math.Min(_last.Output, (room / _last.Stride) + 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private W Window<W>(float** rows, int count, int o, int first, int end) where W : unmanaged, IVector<W>
    {
        W result = W.Splat(TOperation.Start);
        nint start = _last.First(o);
        for (int r = 0; r < count; r++)
        {
            float* p = rows[r] + start + ((nint)first * _last.Dilation);
            for (int t = first; t < end; t++, p += _last.Dilation)
                result = TOperation.Combine(result, _last.Stride == 2 && W.Count > 1 ? W.Even(W.Load(p), W.Load(p + W.Count)) : W.Load(p));
        }
        return result;
    }
}
