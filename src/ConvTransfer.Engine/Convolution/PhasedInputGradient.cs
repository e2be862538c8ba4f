using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>
/// The gradient by the input as convolutions of dY with turned weights: one for each phase of the strides. With stride 1 there is one, and it writes dX; otherwise each writes a dense piece of
/// one image, and the pieces are then put together like the teeth of combs.
/// </summary>
internal sealed unsafe class PhasedInputGradient<V> : F32ConvolutionInputGradient where V : unmanaged, IVector<V>
{
    private readonly ConvolutionGeometry _g;
    private readonly Piece[] _pieces;
    private readonly int[] _strides;
    private readonly bool _whole;
    private readonly nint _weightElements, _pieceElements;
    private readonly Combing _combing;

    public PhasedInputGradient(ConvolutionGeometry g, VectorWidth width)
    {
        _g = g;
        _strides = Array.ConvertAll(g.Axes, axis => axis.Stride);
        _pieces = new Piece[_strides.Aggregate(1, (product, stride) => checked(product * stride))];
        _whole = _pieces.Length == 1;
        for (int index = 0; index < _pieces.Length; index++)
        {
            var phases = new GradientPhase[g.Axes.Length];
            for (int a = phases.Length - 1, rest = index; a >= 0; rest /= _strides[a--]) phases[a] = new GradientPhase(g.Axes[a], rest % _strides[a]);
            _pieces[index] = new Piece(g, phases, _whole ? g.Batch : 1, width) { Weights = _weightElements, Result = _pieceElements };
            _weightElements += Rounded(_pieces[index].Convolution?.WeightElements ?? 0);
            if (!_whole) _pieceElements += Rounded(((nint)g.Channels * _pieces[index].Plane) + V.Count);
        }
        _combing = new Combing(this);
    }

    public override long ScratchBytes(int crew, bool packed = false) =>
        checked((((packed ? 0 : _weightElements) + _pieceElements) * sizeof(float)) + _pieces.Max(piece => piece.Convolution?.ScratchBytes(crew, packed: true) ?? 0));

    public override string WeightsForm => string.Join("; ", _pieces.Select(piece => piece.WeightsForm));

    public override PackedWeights Pack(float* w)
    {
        var packed = new PackedWeights(_weightElements);
        using var crew = new Crew(1);
        PackTo(w, packed.Pointer, crew);
        return packed;
    }

    public override void Run(float* dy, float* w, float* dx, byte* scratch, Crew crew, PackedWeights? packed = null)
    {
        float* weights = packed is null ? (float*)scratch : packed.Pointer, pieces = (float*)scratch + (packed is null ? _weightElements : 0);
        if (packed is null) PackTo(w, weights, crew);
        for (int n = 0; n < (_whole ? Math.Min(1, _g.Batch) : _g.Batch); n++)
        {
            float* image = dx + ((nint)n * _g.Channels * _g.InputPlane);
            foreach (var piece in _pieces)
            {
                var operands = new ConvolutionOperands { X = dy + ((nint)n * _g.Filters * _g.OutputPlane), Packed = weights + piece.Weights, Y = _whole ? image : pieces + piece.Result, Scratch = (byte*)(pieces + _pieceElements) };
                piece.Convolution?.Run(operands, null, crew);
            }
            if (_whole && _pieces[0].Convolution is not null) continue;
            var state = new CombingState { Pieces = pieces, DX = image };
            crew.For(_combing, &state, _whole ? _g.Batch * _g.Channels : _g.Channels);
        }
    }

    private void PackTo(float* w, float* to, Crew crew)
    {
        foreach (var piece in _pieces) piece.Convolution?.PackTo(w, to + piece.Weights, crew);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Comb(CombingState* state, int channel)
    {
        var last = _g.Axes[^1];
        float* to = state->DX + ((nint)channel * _g.InputPlane);
        for (int row = 0; row < _g.InputPlane / last.Input; row++, to += last.Input)
        {
            // The pieces of the row's phases of the outer axes lie behind each other, one for each phase of the last axis; all have their row at the same number.
            int first = 0, line = 0, rest = row;
            for (int a = _g.Axes.Length - 2, phases = last.Stride, lines = 1; a >= 0; a--)
            {
                int i = rest % _g.Axes[a].Input, stride = _strides[a];
                rest /= _g.Axes[a].Input;
                first += i % stride * phases;
                phases *= stride;
                line += i / stride * lines;
                lines *= (_g.Axes[a].Input - (i % stride) + stride - 1) / stride;
            }
            if (last.Stride == 2) Interleave(Line(state, channel, first, line), Line(state, channel, first + 1, line), last.Input, to);
            else
                for (int phase = 0; phase < last.Stride; phase++) Spread(Line(state, channel, first + phase, line), phase, last.Stride, last.Input, to);
        }
    }

    // A row of a piece; null where its gradient is 0.
    private float* Line(CombingState* state, int channel, int index, int line)
    {
        var piece = _pieces[index];
        return piece.Convolution is null ? null : state->Pieces + piece.Result + ((nint)channel * piece.Plane) + ((nint)line * piece.Row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(float* even, float* odd, int count, float* to)
    {
        int i = 0;
        for (; i + (2 * V.Count) <= count; i += 2 * V.Count) V.StoreInterleaved(even is null ? V.Zero : V.Load(even + (i / 2)), odd is null ? V.Zero : V.Load(odd + (i / 2)), to + i);
        for (; i < count; i++)
        {
            float* from = i % 2 == 0 ? even : odd;
            to[i] = from is null ? 0 : from[i / 2];
        }
    }

    private static void Spread(float* from, int phase, int stride, int count, float* to)
    {
        for (int i = phase; i < count; i += stride) to[i] = from is null ? 0 : *from++;
    }

    private static nint Rounded(nint elements) => (elements + 15) & ~(nint)15;

    // One phase of all axes: the convolution that gives its inputs' gradient, and where its weights and its result lie.
    private sealed class Piece
    {
        public Piece(ConvolutionGeometry g, GradientPhase[] phases, int batch, VectorWidth width)
        {
            Row = phases[^1].Count;
            Plane = phases.Aggregate(1, (product, phase) => product * phase.Count);
            if (Plane == 0 || g.OutputPlane == 0 || phases.Any(phase => phase.Taps.Length == 0)) return;
            int[] taps = [0];
            for (int a = 0; a < phases.Length; a++) taps = [.. from outer in taps from tap in phases[a].Taps select (outer * g.Axes[a].Kernel) + tap];
            var geometry = new ConvolutionGeometry(batch, g.Filters, g.Channels, g.Groups, Array.ConvertAll(phases, phase => phase.Axis));
            Convolution = F32Convolution.Create(geometry, new RowEpilogue(null), width, new TurnedWeights(g, taps));
            WeightsForm = $"taps {string.Join(" ", taps)}, {Convolution.WeightsForm}";
        }

        // Null where the gradient is 0.
        public F32Convolution? Convolution { get; }

        public string WeightsForm { get; } = "none";

        public int Row { get; }

        public int Plane { get; }

        public nint Weights { get; init; }

        public nint Result { get; init; }
    }

    private struct CombingState
    {
        public float* Pieces, DX;
    }

    private sealed class Combing(PhasedInputGradient<V> gradient) : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker) => gradient.Comb((CombingState*)state, unit);
    }
}
