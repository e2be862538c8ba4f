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

    /// <summary>Working memory in bytes for a crew of a size.</summary>
    public abstract long ScratchBytes(int crew);

    /// <summary>Pools.</summary>
    /// <param name="x">[planes, spatial…].</param>
    /// <param name="y">[planes, spatial…]; must not overlap.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, 64-byte aligned.</param>
    /// <param name="crew">The threads.</param>
    public abstract void Run(float* x, float* y, byte* scratch, Crew crew);
}

/// <summary>
/// The pool in two passes over a few output rows at a time: first the input rows of a window are combined down to one padded row, then the window's columns are combined along it.
/// A window of 3 x 3 takes 2 + 2 combinations instead of 8, and the second pass meets no border.
/// </summary>
/// <remarks>
/// Vectors serve strides 1 and 2 along the last axis (even lanes of two vectors); other strides go one by one. The last vector of a row overlaps the one before: it computes the same numbers again.
/// Nothing is read outside the input row. A few rows at a time: what the first pass stores has left the store buffer when the second reads it at other offsets.
/// </remarks>
internal sealed unsafe class F32Pooling<V, TOperation> : F32Pooling
    where V : unmanaged, IVector<V>
    where TOperation : struct, IPoolOperation
{
    private const int MostRowsAtOnce = 8;

    private readonly PoolGeometry _g;
    private readonly WindowAxis _last;
    private readonly PoolRows _rows;
    private readonly float[] _columnCounts;
    private readonly int _planesPerUnit, _rowsAtOnce, _length;

    public F32Pooling(PoolGeometry geometry, bool includePad)
    {
        _g = geometry;
        _last = geometry.Axes[^1];
        _rows = new PoolRows(geometry, includePad);
        _planesPerUnit = Math.Max(1, 16384 / Math.Max(1, geometry.OutputPlane * geometry.Taps));
        _rowsAtOnce = Math.Min(MostRowsAtOnce, _rows.Count);
        _columnCounts = GC.AllocateArray<float>(_last.Output + V.Count, pinned: true);
        for (int o = 0; o < _last.Output; o++)
        {
            var (first, end) = PoolGeometry.InInput(_last, o);
            _columnCounts[o] = includePad ? PoolGeometry.InPadded(_last, o) : end - first;
        }
        // As far as whole vectors of outputs read.
        long reach = ((Math.Max(_last.Output, V.Count) - 1L) * _last.Stride) + WindowAxis.Span(_last.Kernel, _last.Dilation) + 1;
        _length = checked((int)((Math.Max(reach, (long)_last.PadBegin + _last.Input) + 15) & ~15L));
    }

    private struct Operands
    {
        public float* X, Y, Scratch;
    }

    private nint WorkerElements => (nint)_rowsAtOnce * _length;

    public override long ScratchBytes(int crew) => checked(crew * WorkerElements * sizeof(float));

    public override void Run(float* x, float* y, byte* scratch, Crew crew)
    {
        var operands = new Operands { X = x, Y = y, Scratch = (float*)scratch };
        crew.For(this, &operands, (_g.Planes + _planesPerUnit - 1) / _planesPerUnit);
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        var operands = (Operands*)state;
        float* padded = operands->Scratch + (worker * WorkerElements);
        new Span<float>(padded, (int)WorkerElements).Fill(TOperation.Start);
        for (nint plane = (nint)unit * _planesPerUnit; plane < Math.Min(_g.Planes, (nint)(unit + 1) * _planesPerUnit); plane++)
        {
            float* x = operands->X + (plane * _g.InputPlane), y = operands->Y + (plane * _g.OutputPlane);
            for (int first = 0; first < _rows.Count; first += _rowsAtOnce)
            {
                int rows = Math.Min(_rowsAtOnce, _rows.Count - first);
                for (int r = 0; r < rows; r++) CombineRows(x, first + r, padded + (r * _length) + _last.PadBegin);
                for (int r = 0; r < rows; r++, y += _last.Output)
                {
                    if (_last.Stride <= 2) CombineColumns<V>(padded + (r * _length), _rows.Rows(first + r), y);
                    else CombineColumns<F32x1>(padded + (r * _length), _rows.Rows(first + r), y);
                }
            }
        }
    }

    // The input rows that an output row sees, element by element.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CombineRows(float* plane, int row, float* to)
    {
        int* starts = _rows.Starts(row, out int count);
        int length = _last.Input;
        for (int j = 0; j < length; j += V.Count)
        {
            if (length >= V.Count) j = Math.Min(j, length - V.Count);
            V result = V.Splat(TOperation.Start);
            if (length >= V.Count)
            {
                for (int r = 0; r < count; r++) result = TOperation.Combine(result, V.Load(plane + starts[r] + j));
                V.Store(result, to + j);
            }
            else
            {
                for (int r = 0; r < count; r++) result = TOperation.Combine(result, V.LoadPartial(plane + starts[r], length));
                V.StorePartial(result, to, length);
            }
        }
    }

    // The columns that each output sees, along a padded row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CombineColumns<W>(float* padded, float rows, float* y) where W : unmanaged, IVector<W>
    {
        float* counts = (float*)Unsafe.AsPointer(ref _columnCounts[0]);
        int outputs = _last.Output;
        for (int o = 0; o < outputs; o += W.Count)
        {
            if (outputs >= W.Count) o = Math.Min(o, outputs - W.Count);
            float* p = padded + ((nint)o * _last.Stride);
            W result = W.Splat(TOperation.Start);
            for (int t = 0; t < _last.Kernel; t++, p += _last.Dilation)
                result = TOperation.Combine(result, W.Count > 1 && _last.Stride == 2 ? W.Even(W.Load(p), W.Load(p + W.Count)) : W.Load(p));
            result = TOperation.Finish(result, W.Load(counts + o) * W.Splat(rows));
            if (outputs >= W.Count) W.Store(result, y + o);
            else W.StorePartial(result, y, outputs);
        }
    }
}
