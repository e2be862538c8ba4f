using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Convolution;

/// <summary>A piece of an output row within a block of positions: at most a vector long.</summary>
/// <param name="From">Where tap 0 of its first position lies in the (padded) channel.</param>
/// <param name="To">Its first position in the block.</param>
/// <param name="Count">Its positions.</param>
internal readonly record struct Move(int From, int To, int Count);

/// <summary>
/// Output positions, in row-major order, cut into blocks; and the packing of the inputs that a block's sums read: for each (channel, tap), in this order, a row of one element per position.
/// </summary>
/// <remarks>
/// A block touches few output rows, so the same short list of moves serves every (channel, tap): only the source shifts. A move writes a whole vector; what it writes too much the next move
/// or the next row writes over, so no move has a remainder. Where a whole vector would be read beyond the input, or written beyond the block, the moves go by their exact count.
/// Along the last axis stride 1 is a copy, stride 2 takes the even lanes of two vectors, other strides go one by one.
/// </remarks>
internal sealed unsafe class PositionBlocks<V> where V : unmanaged, IVector<V>
{
    private readonly InputPadding<V> _padding;
    private readonly Move[] _moves;
    private readonly int[] _firstMove, _starts;
    private readonly int _stride, _lastTap;

    /// <summary>Lists the moves of all blocks.</summary>
    /// <param name="padding">Where inputs lie.</param>
    /// <param name="last">The last spatial axis.</param>
    /// <param name="starts">The first position of each block, and the number of all positions at the end.</param>
    public PositionBlocks(InputPadding<V> padding, WindowAxis last, int[] starts)
    {
        _padding = padding;
        _stride = last.Stride;
        _starts = starts;
        _lastTap = padding.TapOffsets[^1];
        _firstMove = new int[starts.Length];
        var moves = new List<Move>();
        for (int block = 0; block < Count; block++)
        {
            int end = starts[block + 1];
            for (int p = starts[block]; p < end;)
            {
                int o = p % last.Output, count = Math.Min(Math.Min(V.Count, last.Output - o), end - p);
                moves.Add(new Move(padding.RowStart(p / last.Output) + (o * _stride), p - starts[block], count));
                p += count;
            }
            _firstMove[block + 1] = moves.Count;
        }
        _moves = GC.AllocateUninitializedArray<Move>(moves.Count, pinned: true);
        moves.CopyTo(_moves);
    }

    /// <summary>The number of blocks.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>The first position of a block.</summary>
    public int Start(int block) => _starts[block];

    /// <summary>The positions of a block.</summary>
    public int Size(int block) => _starts[block + 1] - _starts[block];

    /// <summary>Packs a block: to[(c · taps + t) · width + position].</summary>
    /// <param name="x">The first channel.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="readable">Elements from <paramref name="x"/> that may be read.</param>
    /// <param name="block">The block.</param>
    /// <param name="width">Elements of a row, at least the block's positions; those behind them stay undefined.</param>
    /// <param name="to">channels · taps · width elements; nothing beyond them is written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pack(float* x, int channels, nint readable, int block, int width, float* to)
    {
        Move* moves = (Move*)Unsafe.AsPointer(ref _moves[0]) + _firstMove[block];
        int moveCount = _firstMove[block + 1] - _firstMove[block];
        int[] offsets = _padding.TapOffsets;
        int* taps = (int*)Unsafe.AsPointer(ref offsets[0]);
        float* end = to + ((nint)channels * offsets.Length * width);
        int reach = moves[moveCount - 1].From + _lastTap + (_stride * V.Count);
        int written = ((offsets.Length - 1) * width) + moves[moveCount - 1].To + V.Count;
        for (int c = 0; c < channels; c++, x += _padding.Plane, readable -= _padding.Plane)
        {
            if (_stride <= 2 && reach <= readable && written <= end - to)
            {
                for (int t = 0; t < offsets.Length; t++, to += width)
                {
                    float* from = x + taps[t];
                    if (_stride == 1)
                    {
                        for (int m = 0; m < moveCount; m++) V.Store(V.Load(from + moves[m].From), to + moves[m].To);
                    }
                    else
                    {
                        for (int m = 0; m < moveCount; m++) V.Store(V.Even(V.Load(from + moves[m].From), V.Load(from + moves[m].From + V.Count)), to + moves[m].To);
                    }
                }
                continue;
            }
            for (int t = 0; t < offsets.Length; t++, to += width) PackExactly(x + taps[t], moves, moveCount, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackExactly(float* from, Move* moves, int moveCount, float* to)
    {
        for (int m = 0; m < moveCount; m++)
        {
            var move = moves[m];
            float* x = from + move.From, y = to + move.To;
            if (_stride == 1) V.StorePartial(V.LoadPartial(x, move.Count), y, move.Count);
            else
                for (int i = 0; i < move.Count; i++) y[i] = x[(nint)i * _stride];
        }
    }
}
