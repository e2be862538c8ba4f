using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>The gradient by the weights for groups of one or two filters: for some neighbouring channels, image after image, the padded plane of X and the planes of dY are multiplied along rows, three taps at once.</summary>
/// <remarks>
/// A vector of partial sums for each tap is kept over all images; its lanes are added at the end. With stride 1 everywhere and rows shorter than two vectors, dY is first laid out in rows of the
/// padded plane's length with zeros between, so that both planes are one long row: what is multiplied for nothing costs less than half-empty vectors.
/// </remarks>
internal sealed unsafe class DepthwiseWeightGradient<V> : F32ConvolutionWeightGradient where V : unmanaged, IVector<V>
{
    private const int TapsAtOnce = 3, UnitElements = 8192, MostChannels = 16;

    private readonly ConvolutionGeometry _g;
    private readonly InputPadding<V> _padding;
    private readonly int[] _rowStarts, _offsets;
    private readonly WindowAxis _last;
    private readonly bool _flat;
    private readonly int _flatLength, _channels;
    private readonly Work _work;

    public DepthwiseWeightGradient(ConvolutionGeometry g)
    {
        _g = g;
        _padding = new InputPadding<V>(g.Axes, g.Channels, always: true);
        _last = g.Axes[^1];
        _rowStarts = new int[_last.Output == 0 ? 0 : g.OutputPlane / _last.Output];
        for (int row = 0; row < _rowStarts.Length; row++) _rowStarts[row] = _padding.RowStart(row);
        _flat = _last.Output < 2 * V.Count && Array.TrueForAll(g.Axes, axis => axis.Stride == 1);
        _flatLength = _rowStarts.Length == 0 ? 0 : _rowStarts[^1] + _last.Output;
        // Small planes of one channel lie far apart: memory gives those of neighbouring channels much faster.
        _channels = Math.Min(g.Channels, Math.Clamp(UnitElements / Math.Max(1, g.InputPlane), 1, MostChannels));
        // The last tap repeated, so that there is no remainder; what is summed for the copies is not read.
        _offsets = new int[(g.Taps + TapsAtOnce - 1) / TapsAtOnce * TapsAtOnce];
        for (int tap = 0; tap < _offsets.Length; tap++) _offsets[tap] = _padding.TapOffsets[Math.Min(tap, g.Taps - 1)];
        _work = new Work(this);
    }

    private nint PlaneElements => Rounded(_padding.Plane + InputPadding<V>.Slack);

    private nint FlatElements => _flat ? Rounded(_flatLength) : 0;

    private nint FilterSums => (nint)_offsets.Length * V.Count;

    private nint ChannelSums => _g.FiltersPerGroup * FilterSums;

    private nint WorkerElements => PlaneElements + FlatElements + Rounded(_channels * ChannelSums);

    public override long ScratchBytes(int crew) => checked(crew * WorkerElements * sizeof(float));

    public override void Run(float* x, float* dy, float* dw, byte* scratch, Crew crew)
    {
        var run = new GradientRun { X = x, DY = dy, DW = dw, Own = (float*)scratch };
        crew.For(_work, &run, (_g.Channels + _channels - 1) / _channels);
    }

    private void RunChannels(GradientRun* run, int first, int end, float* own)
    {
        float* flat = own + PlaneElements, sums = flat + FlatElements;
        new Span<float>(own + _padding.Plane, InputPadding<V>.Slack).Clear();
        new Span<float>(flat, (int)FlatElements).Clear();
        new Span<float>(sums, checked((int)(_channels * ChannelSums))).Clear();
        for (int n = 0; n < _g.Batch && _g.OutputPlane > 0; n++)
        {
            for (int channel = first; channel < end; channel++)
            {
                _padding.CopyChannel(run->X + ((((nint)n * _g.Channels) + channel) * _g.InputPlane), own);
                for (int m = 0; m < _g.FiltersPerGroup; m++)
                {
                    float* dy = run->DY + ((((nint)n * _g.Filters) + (channel / _g.ChannelsPerGroup * _g.FiltersPerGroup) + m) * _g.OutputPlane);
                    float* to = sums + ((channel - first) * ChannelSums) + (m * FilterSums);
                    for (int tap = 0; tap < _offsets.Length; tap += TapsAtOnce) AddProducts(own, dy, flat, tap, to + ((nint)tap * V.Count), fills: tap == 0);
                }
            }
        }
        for (int channel = first; channel < end; channel++) Write(run->DW, channel, sums + ((channel - first) * ChannelSums));
    }

    private void Write(float* dw, int channel, float* sums)
    {
        for (int m = 0; m < _g.FiltersPerGroup; m++)
        {
            int filter = (channel / _g.ChannelsPerGroup * _g.FiltersPerGroup) + m;
            float* to = dw + (((nint)filter * _g.SumLength) + ((nint)(channel % _g.ChannelsPerGroup) * _g.Taps)), lanes = sums + (m * FilterSums);
            for (int tap = 0; tap < _g.Taps; tap++, lanes += V.Count)
            {
                double sum = 0;
                for (int j = 0; j < V.Count; j++) sum += lanes[j];
                to[tap] = (float)sum;
            }
        }
    }

    private void AddProducts(float* plane, float* dy, float* flat, int tap, float* sums, bool fills)
    {
        if (!_flat)
        {
            if (_last.Stride <= 2) Rows<V>(plane, dy, _rowStarts.Length, _last.Output, tap, sums);
            else Rows<F32x1>(plane, dy, _rowStarts.Length, _last.Output, tap, sums);
            return;
        }
        for (int row = 0; row < _rowStarts.Length && fills; row++, dy += _last.Output)
        {
            float* to = flat + _rowStarts[row];
            int full = Math.Min(V.Count, _last.Output);
            V.StorePartial(V.LoadPartial(dy, full), to, full);
            V.StorePartial(V.LoadPartial(dy + full, _last.Output - full), to + full, _last.Output - full);
        }
        Rows<V>(plane, flat, 1, _flatLength, tap, sums);
    }

    // Adds the products of rows of dY with what three taps see of them to three vectors of sums, V apart.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rows<W>(float* plane, float* dy, int rows, int length, int tap, float* sums) where W : unmanaged, IVector<W>
    {
        int stride = _last.Stride;
        nint p = _offsets[tap], q = _offsets[tap + 1], r = _offsets[tap + 2];
        W a = W.Load(sums), b = W.Load(sums + V.Count), c = W.Load(sums + (2 * V.Count));
        for (int row = 0; row < rows; row++, dy += length)
        {
            float* x = plane + _rowStarts[row];
            for (int o = 0; o < length; o += W.Count, x += W.Count * stride)
            {
                int count = length - o;
                W d = count >= W.Count ? W.Load(dy + o) : W.LoadPartial(dy + o, count);
                a = W.MulAdd(d, See<W>(x + p, stride), a);
                b = W.MulAdd(d, See<W>(x + q, stride), b);
                c = W.MulAdd(d, See<W>(x + r, stride), c);
            }
        }
        W.Store(a, sums);
        W.Store(b, sums + V.Count);
        W.Store(c, sums + (2 * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W See<W>(float* x, int stride) where W : unmanaged, IVector<W> => stride == 2 ? W.Even(W.Load(x), W.Load(x + W.Count)) : W.Load(x);

    private static nint Rounded(nint elements) => (elements + 15) & ~(nint)15;

    private struct GradientRun
    {
        public float* X, DY, DW, Own;
    }

    private sealed class Work(DepthwiseWeightGradient<V> gradient) : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker)
        {
            var run = (GradientRun*)state;
            int first = unit * gradient._channels;
            gradient.RunChannels(run, first, Math.Min(first + gradient._channels, gradient._g.Channels), run->Own + (worker * gradient.WorkerElements));
        }
    }
}
