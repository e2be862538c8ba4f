using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>
/// The gradient by the weights as a matrix product of dY [filters][positions of all images] and inputs [positions][(tap, channel)] over the micro-kernel. Both operands are turned first, since the
/// kernel wants the summed index, here the position, outermost.
/// </summary>
/// <remarks>
/// Step by step, a step being one image or some small ones: all threads turn X and dY, then a unit is a panel of columns with all or some blocks of filters; it goes over the step's positions in
/// chunks, whose sums are added to those of the steps before. Chunks and steps follow from the geometry, so each sum has one order.
/// </remarks>
internal sealed unsafe class PanelWeightGradient<V> : F32ConvolutionWeightGradient where V : unmanaged, IVector<V>
{
    private const int Chunk = 512, TurnChunk = 1024, LeastUnits = 16, MostTurned = 4 << 20;

    private readonly ConvolutionGeometry _g;
    private readonly GemmTiles _tiles;
    private readonly RowBlocks _filters;
    private readonly TurnedInputs<V> _inputs;
    private readonly int _images, _splits, _turnChunks;
    private readonly Work _turning, _tiling, _writing;

    public PanelWeightGradient(ConvolutionGeometry g, GemmTiles tiles)
    {
        _g = g;
        _tiles = tiles;
        _filters = new RowBlocks(g.FiltersPerGroup, tiles.MaxRows);
        long most = Math.Max(1, MostTurned / Math.Max(1, (long)g.Channels * g.InputPlane));
        _images = (int)Math.Clamp((Chunk + g.OutputPlane - 1L) / Math.Max(1, g.OutputPlane), 1, Math.Min(most, Math.Max(1, g.Batch)));
        _inputs = new TurnedInputs<V>(g, _images, tiles.Columns);
        _splits = Math.Clamp((LeastUnits + _inputs.Panels.Length - 1) / Math.Max(1, _inputs.Panels.Length), 1, Math.Max(1, _filters.Count));
        _turnChunks = (g.OutputPlane + TurnChunk - 1) / TurnChunk;
        _turning = new Work(this, Phase.Turn);
        _tiling = new Work(this, Phase.Tile);
        _writing = new Work(this, Phase.Write);
    }

    private enum Phase
    {
        Turn,
        Tile,
        Write,
    }

    // Elements of a block of turned filters of dY, [position of the step][filter].
    private nint Block => OperandPacking.Rounded(checked((nint)_images * _g.OutputPlane * _filters.Size(0)));

    private nint TurnedElements => _g.Groups * _filters.Count * Block;

    // The sums of a panel: [filter of the group][column].
    private nint PanelSums => (nint)_g.FiltersPerGroup * _tiles.Columns;

    private nint SumElements => _inputs.Panels.Length * PanelSums;

    private nint WorkerElements => OperandPacking.Rounded(((Chunk + 1) * _tiles.Columns) + (_tiles.MaxRows * _tiles.Columns));

    public override long ScratchBytes(int crew) => checked((OperandPacking.Rounded(_inputs.Elements) + TurnedElements + OperandPacking.Rounded(SumElements) + (crew * WorkerElements)) * sizeof(float));

    public override void Run(float* x, float* dy, float* dw, byte* scratch, Crew crew)
    {
        if (_g.OutputPlane == 0 || _g.Batch == 0)
        {
            new Span<float>(dw, checked(_g.Filters * _g.SumLength)).Clear();
            return;
        }
        var run = new GradientRun { DW = dw, Inputs = (float*)scratch };
        run.Turned = run.Inputs + OperandPacking.Rounded(_inputs.Elements);
        run.Sums = run.Turned + TurnedElements;
        run.Own = run.Sums + OperandPacking.Rounded(SumElements);
        for (int image = 0; image < _g.Batch; image += _images)
        {
            run.Images = Math.Min(_images, _g.Batch - image);
            run.X = x + ((nint)image * _g.Channels * _g.InputPlane);
            run.DY = dy + ((nint)image * _g.Filters * _g.OutputPlane);
            run.IsFirst = image == 0;
            crew.For(_turning, &run, _inputs.Units(run.Images) + (run.Images * _g.Groups * _filters.Count * _turnChunks));
            crew.For(_tiling, &run, _inputs.Panels.Length * _splits);
        }
        crew.For(_writing, &run, _g.Filters);
    }

    private void RunUnit(GradientRun* run, Phase phase, int unit, int worker)
    {
        if (phase == Phase.Turn)
        {
            int inputs = _inputs.Units(run->Images);
            if (unit < inputs) _inputs.Turn(run->X, run->Inputs, unit);
            else TurnFilters(run, unit - inputs);
        }
        else if (phase == Phase.Tile)
        {
            Tile(run, unit / _splits, unit % _splits, run->Own + (worker * WorkerElements));
        }
        else
        {
            Write(run, unit);
        }
    }

    private void TurnFilters(GradientRun* run, int unit)
    {
        int first = unit % _turnChunks * TurnChunk, block = unit / _turnChunks % (_g.Groups * _filters.Count), image = unit / _turnChunks / (_g.Groups * _filters.Count);
        int group = block / _filters.Count, rows = _filters.Size(block % _filters.Count), filter = (group * _g.FiltersPerGroup) + _filters.Start(block % _filters.Count);
        float* from = run->DY + ((((nint)image * _g.Filters) + filter) * _g.OutputPlane) + first;
        float* to = run->Turned + (block * Block) + ((((nint)image * _g.OutputPlane) + first) * rows);
        Turning<V>.Run(from, _g.OutputPlane, rows, Math.Min(TurnChunk, _g.OutputPlane - first), to, rows);
    }

    private void Tile(GradientRun* run, int index, int split, float* own)
    {
        var panel = _inputs.Panels[index];
        float* tile = own + ((Chunk + 1) * _tiles.Columns), sums = run->Sums + (index * PanelSums);
        bool two = panel.Columns > _tiles.Lanes;
        int positions = run->Images * _g.OutputPlane, firstBlock = _filters.Count * split / _splits, endBlock = _filters.Count * (split + 1) / _splits;
        for (int first = 0; first < positions; first += Chunk)
        {
            int count = Math.Min(Chunk, positions - first);
            float* b = _inputs.Rows(run->Inputs, panel, first, count, own, out nint ldb);
            for (int block = firstBlock; block < endBlock; block++)
            {
                int rows = _filters.Size(block);
                float* a = run->Turned + (((panel.Group * _filters.Count) + block) * Block) + ((nint)first * rows), to = sums + ((nint)_filters.Start(block) * _tiles.Columns);
                bool isFirst = run->IsFirst && first == 0;
                _tiles.Kernel(rows, two)(count, a, b, ldb, isFirst ? to : tile, _tiles.Columns, null);
                if (!isFirst) Add(tile, rows * _tiles.Columns, to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* from, int count, float* to)
    {
        for (int i = 0; i < count; i += 2 * V.Count)
        {
            V.Store(V.Load(to + i) + V.Load(from + i), to + i);
            V.Store(V.Load(to + i + V.Count) + V.Load(from + i + V.Count), to + i + V.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(GradientRun* run, int filter)
    {
        int group = filter / _g.FiltersPerGroup, taps = _g.Taps, perGroup = _inputs.Panels.Length / _g.Groups;
        for (int index = group * perGroup; index < (group + 1) * perGroup; index++)
        {
            var panel = _inputs.Panels[index];
            float* from = run->Sums + (index * PanelSums) + ((nint)(filter % _g.FiltersPerGroup) * _tiles.Columns);
            float* to = run->DW + ((nint)filter * _g.SumLength) + ((nint)(panel.Strip.Channel % _g.ChannelsPerGroup) * taps);
            int tap = panel.First / panel.Strip.Width, channel = panel.First % panel.Strip.Width;
            for (int j = 0; j < panel.Columns; j++)
            {
                to[(channel * taps) + tap] = from[j];
                if (++channel < panel.Strip.Width) continue;
                channel = 0;
                tap++;
            }
        }
    }

    private struct GradientRun
    {
        public float* X, DY, DW, Inputs, Turned, Sums, Own;
        public int Images;
        public bool IsFirst;
    }

    private sealed class Work(PanelWeightGradient<V> gradient, Phase phase) : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker) => gradient.RunUnit((GradientRun*)state, phase, unit, worker);
    }
}
