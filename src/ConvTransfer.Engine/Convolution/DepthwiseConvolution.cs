using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>Convolution for groups of one or two filters: nothing could be shared by packing, so each filter runs over the padded rows of its channels, taps inside, up to four vectors of positions at once in registers.</summary>
/// <remarks>
/// With stride 1 everywhere and rows shorter than two vectors the padded plane is taken as one long row: the sums between the rows are computed for nothing, which costs less than half-empty vectors.
/// Sums of a plane are put into memory of the thread's own, then bias and epilogue go over the whole plane.
/// </remarks>
internal sealed unsafe class DepthwiseConvolution<V> : F32Convolution where V : unmanaged, IVector<V>
{
    private readonly ConvolutionGeometry _g;
    private readonly RowEpilogue _epilogue;
    private readonly TurnedWeights? _turned;
    private readonly InputPadding<V> _padding;
    private readonly int[] _rowStarts;
    private readonly WindowAxis _last;
    private readonly bool _flat;
    private readonly int _flatLength;
    private readonly Work _work;

    public DepthwiseConvolution(ConvolutionGeometry geometry, RowEpilogue epilogue, TurnedWeights? turned)
    {
        _g = geometry;
        _epilogue = epilogue;
        _turned = turned;
        _padding = new InputPadding<V>(geometry.Axes, geometry.Channels, always: true);
        _last = geometry.Axes[^1];
        _rowStarts = new int[_last.Output == 0 ? 0 : geometry.OutputPlane / _last.Output];
        for (int row = 0; row < _rowStarts.Length; row++) _rowStarts[row] = _padding.RowStart(row);
        _flat = _last.Output < 2 * V.Count;
        foreach (var axis in geometry.Axes) _flat &= axis.Stride == 1;
        _flatLength = _rowStarts.Length == 0 ? 0 : _rowStarts[^1] + _last.Output;
        _work = new Work(this);
    }

    public override string WeightsForm => "as given";

    // The sums of a plane, or of the padded plane, and what whole vectors write behind them.
    private nint WorkerElements => (((_flat ? _flatLength : 0) + _g.OutputPlane + (8 * V.Count)) + 15) & ~(nint)15;

    public override nint WeightElements => (nint)_g.Filters * _g.SumLength;

    public override PackedWeights Pack(float* w)
    {
        var packed = new PackedWeights(WeightElements);
        CopyWeights(w, packed.Pointer);
        return packed;
    }

    public override void PackTo(float* w, float* to, Crew crew) => CopyWeights(w, to);

    public override long ScratchBytes(int crew, bool packed) => checked((_padding.Elements + (crew * WorkerElements)) * sizeof(float));

    public override void Run(in ConvolutionOperands operands, PackedWeights? weights, Crew crew)
    {
        if (_g.OutputPlane == 0) return;
        var run = new DepthwiseRun { O = operands, Weights = operands.Packed is not null ? operands.Packed : weights is null ? operands.W : weights.Pointer, Padded = (float*)operands.Scratch };
        run.Own = run.Padded + _padding.Elements;
        for (run.Image = 0; run.Image < _g.Batch; run.Image++)
        {
            _padding.Run(operands.X + ((nint)run.Image * _g.Channels * _g.InputPlane), run.Padded, crew);
            crew.For(_work, &run, _g.Filters);
        }
    }

    private void CopyWeights(float* w, float* to)
    {
        if (_turned is null) Buffer.MemoryCopy(w, to, WeightElements * sizeof(float), WeightElements * sizeof(float));
        else
            for (int filter = 0; filter < _g.Filters; filter++) _turned.Pack(w, filter / _g.FiltersPerGroup, filter % _g.FiltersPerGroup, 1, 1, to + ((nint)filter * _g.SumLength));
    }

    private void RunFilter(DepthwiseRun* run, int filter, float* own)
    {
        float* x = run->Padded + ((nint)(filter / _g.FiltersPerGroup) * _g.ChannelsPerGroup * _padding.Plane), w = run->Weights + ((nint)filter * _g.SumLength);
        if (_flat)
        {
            float* flat = own + _g.OutputPlane + (4 * V.Count);
            Row(x, w, 1, _flatLength, flat);
            for (int row = 0; row < _rowStarts.Length; row++)
                for (int o = 0; o < _last.Output; o += V.Count) V.Store(V.Load(flat + _rowStarts[row] + o), own + (row * _last.Output) + o);
        }
        else
        {
            for (int row = 0; row < _rowStarts.Length; row++) Row(x + _rowStarts[row], w, _last.Stride, _last.Output, own + (row * _last.Output));
        }
        nint offset = (((nint)run->Image * _g.Filters) + filter) * _g.OutputPlane;
        _epilogue.ApplyRows<V>(own, _g.OutputPlane, 1, _g.OutputPlane, filter, run->O.Bias, run->O.Y, offset, _g.OutputPlane, run->O.Residuals);
    }

    // The sums of a run of positions. Whole vectors are written; the caller's next row writes over what is too much.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* x, float* w, int stride, int count, float* y)
    {
        int[] offsets = _padding.TapOffsets;
        int* taps = (int*)Unsafe.AsPointer(ref offsets[0]);
        int o = 0;
        if (stride > 2)
        {
            for (; o < count; o++) F32x1.Store(Sum<F32x1>(x + ((nint)o * stride), w, taps, offsets.Length, 1), y + o);
            return;
        }
        for (; stride == 1 && o + (3 * V.Count) < count; o += 4 * V.Count)
        {
            V s = V.Zero, t = s, u = s, v = s;
            float* plane = x + o, weight = w;
            for (int c = 0; c < _g.ChannelsPerGroup; c++, plane += _padding.Plane)
            {
                for (int tap = 0; tap < offsets.Length; tap++)
                {
                    V factor = V.Splat(*weight++);
                    float* p = plane + taps[tap];
                    s = V.MulAdd(factor, V.Load(p), s);
                    t = V.MulAdd(factor, V.Load(p + V.Count), t);
                    u = V.MulAdd(factor, V.Load(p + (2 * V.Count)), u);
                    v = V.MulAdd(factor, V.Load(p + (3 * V.Count)), v);
                }
            }
            V.Store(s, y + o);
            V.Store(t, y + o + V.Count);
            V.Store(u, y + o + (2 * V.Count));
            V.Store(v, y + o + (3 * V.Count));
        }
        for (; o < count; o += V.Count) V.Store(Sum<V>(x + ((nint)o * stride), w, taps, offsets.Length, stride), y + o);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private W Sum<W>(float* x, float* w, int* taps, int tapCount, int stride) where W : unmanaged, IVector<W>
    {
        W sum = W.Zero;
        for (int c = 0; c < _g.ChannelsPerGroup; c++, x += _padding.Plane)
        {
            for (int tap = 0; tap < tapCount; tap++)
            {
                float* p = x + taps[tap];
                sum = W.MulAdd(W.Splat(*w++), stride == 2 ? W.Even(W.Load(p), W.Load(p + W.Count)) : W.Load(p), sum);
            }
        }
        return sum;
    }

    private struct DepthwiseRun
    {
        public ConvolutionOperands O;
        public float* Weights, Padded, Own;
        public int Image;
    }

    private sealed class Work(DepthwiseConvolution<V> convolution) : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker)
        {
            var run = (DepthwiseRun*)state;
            convolution.RunFilter(run, unit, run->Own + (worker * convolution.WorkerElements));
        }
    }
}
