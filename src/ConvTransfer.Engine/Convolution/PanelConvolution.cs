using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Convolution;

/// <summary>
/// Convolution as a matrix product of weights [filters][channel, tap] and inputs [channel, tap][positions], whose second operand is packed piece by piece and never stands in memory as a whole.
/// </summary>
/// <remarks>
/// <para>Two arrangements share the micro-kernel and the packing. <i>Positions as columns</i>: a row of the tile is a filter, a vector holds neighbouring positions; the tile is stored as it is.
/// <i>Filters as columns</i>: a row is a position, a vector holds filters; the tile is turned before it is stored. With few positions (7 x 7 = 49) the first leaves much of its last
/// panel empty, which the second does not: there rows take 49 = 13 + 12 + 12 + 12.</para>
/// <para>Two orders of work. <i>Streaming</i>, for many panels: a thread packs one panel after the other into its own memory and runs all blocks of filters over it, weights coming from the second-level cache.
/// A unit is a stretch of neighbouring panels: where two threads write to neighbouring panels, they fight for the cache line at each row's border, which was measured to cost more than the second thread gains.
/// <i>Shared</i>, for few: first all positions are packed, then a unit is a block of filters with some or all positions, so that weights, here larger than the input, are read from memory once.</para>
/// </remarks>
internal sealed unsafe class PanelConvolution<V> : F32Convolution where V : unmanaged, IVector<V>
{
    private const int MostSharedPanels = 16, UnitSteps = 8192, StretchesPerThread = 4;

    private readonly ConvolutionGeometry _g;
    private readonly RowEpilogue _epilogue;
    private readonly GemmTiles _tiles;
    private readonly TurnedWeights? _turned;
    private readonly InputPadding<V> _padding;
    private readonly PositionBlocks<V> _positions;
    private readonly RowBlocks _filterRows;
    private readonly bool _filtersAsColumns, _shared, _readsInPlace;
    private readonly int _positionsPerUnit;
    private readonly Work _packing, _tiling, _weighting;
    private readonly float[]? _scale, _shift;
    private readonly float _minimum = float.NegativeInfinity, _maximum = float.PositiveInfinity;

    public PanelConvolution(ConvolutionGeometry geometry, RowEpilogue epilogue, GemmTiles tiles, TurnedWeights? turned)
    {
        _g = geometry;
        _epilogue = epilogue;
        _tiles = tiles;
        _turned = turned;
        // A pointwise convolution sees its plane as one row: blocks need no care for the ends of rows.
        WindowAxis[] axes = geometry.IsPointwise ? [new WindowAxis(geometry.InputPlane, 1, 1, 1, 0, 0, geometry.OutputPlane)] : geometry.Axes;
        _padding = new InputPadding<V>(axes, geometry.Channels);
        _filterRows = new RowBlocks(geometry.FiltersPerGroup, tiles.MaxRows);
        _filtersAsColumns = FiltersAsColumnsPay(geometry, tiles);
        _positions = new PositionBlocks<V>(_padding, axes[^1], _filtersAsColumns ? Starts(new RowBlocks(geometry.OutputPlane, tiles.MaxRows)) : Starts(geometry.OutputPlane, tiles.Columns));
        _shared = _filtersAsColumns || _positions.Count <= MostSharedPanels;
        _readsInPlace = geometry.IsPointwise && !_shared && _filterRows.Count <= 2;
        _positionsPerUnit = Math.Clamp(UnitSteps / Math.Max(1, geometry.SumLength * tiles.MaxRows), 1, Math.Max(1, _positions.Count));
        _packing = new Work(this, Phase.Pack);
        _tiling = new Work(this, _shared ? Phase.Tile : Phase.Stream);
        _weighting = new Work(this, Phase.Weights);
        if (epilogue.Find(EpilogueKind.Clip) is { } clip) (_minimum, _maximum) = (clip.Minimum, clip.Maximum);
        if (epilogue.Find(EpilogueKind.ScaleShift) is { } affine && epilogue.FitsTile)
        {
            _scale = Pinned(affine.Scale);
            _shift = Pinned(affine.Shift);
        }
    }

    private enum Phase
    {
        Weights,
        Pack,
        Tile,
        Stream,
    }

    public override string WeightsForm => _filtersAsColumns ? $"columns of {_tiles.Columns}" : $"rows of {_tiles.MaxRows}";

    private int FilterBlocks => _filtersAsColumns ? PackedColumns.Panels(_g.FiltersPerGroup, _tiles.Columns) : _filterRows.Count;

    private nint WeightBlock => _filtersAsColumns ? PackedColumns.Stride(_g.SumLength, _tiles.Columns) : PackedRows.Stride(_g.FiltersPerGroup, _g.SumLength, _tiles.MaxRows);

    public override nint WeightElements => checked(_g.Groups * FilterBlocks * WeightBlock);

    // Elements of a row of a packed block of positions: a full panel, or as many as the block has.
    private int Width(int block) => _filtersAsColumns ? _positions.Size(block) : _tiles.Columns;

    private nint PositionBlock => OperandPacking.Rounded(checked((nint)_g.SumLength * Width(0)));

    private nint PackedElements => _shared ? checked(_g.Groups * _positions.Count * PositionBlock) : 0;

    private int TileElements => (int)OperandPacking.Rounded(_tiles.MaxRows * _tiles.Columns);

    // A worker's own memory: a panel when streaming, a tile, and the turned tile.
    private nint WorkerElements => (_shared ? 0 : PositionBlock) + TileElements + (_filtersAsColumns ? _tiles.Columns * 16 : 0);

    public override PackedWeights Pack(float* w)
    {
        var packed = new PackedWeights(WeightElements);
        for (int block = 0; block < _g.Groups * FilterBlocks; block++) PackWeights(w, block, packed.Pointer);
        return packed;
    }

    public override void PackTo(float* w, float* to, Crew crew)
    {
        var run = new ConvolutionRun { Weights = to };
        run.O.W = w;
        crew.For(_weighting, &run, _g.Groups * FilterBlocks);
    }

    public override long ScratchBytes(int crew, bool packed) =>
        checked((_padding.Elements + (packed ? 0 : WeightElements) + PackedElements + (crew * WorkerElements)) * sizeof(float));

    public override void Run(in ConvolutionOperands operands, PackedWeights? weights, Crew crew)
    {
        if (_g.OutputPlane == 0) return;
        var run = new ConvolutionRun { O = operands };
        float* scratch = (float*)operands.Scratch;
        run.Padded = scratch;
        scratch += _padding.Elements;
        run.Weights = scratch;
        if (operands.Packed is not null)
        {
            run.Weights = operands.Packed;
        }
        else if (weights is not null)
        {
            run.Weights = weights.Pointer;
        }
        else
        {
            PackTo(operands.W, run.Weights, crew);
            scratch += WeightElements;
        }
        run.Packed = scratch;
        run.Own = scratch + PackedElements;
        int positionUnits = (_positions.Count + _positionsPerUnit - 1) / _positionsPerUnit;
        run.Stretches = Math.Clamp(((crew.Size * StretchesPerThread) + _g.Groups - 1) / _g.Groups, 1, _positions.Count);
        for (run.Image = 0; run.Image < _g.Batch; run.Image++)
        {
            float* x = operands.X + ((nint)run.Image * _g.Channels * _g.InputPlane);
            run.Input = x;
            run.Readable = (nint)_g.Channels * _g.InputPlane;
            if (_padding.IsNeeded)
            {
                _padding.Run(x, run.Padded, crew);
                run.Input = run.Padded;
                run.Readable = ((nint)_g.Channels * _padding.Plane) + InputPadding<V>.Slack;
            }
            if (_shared)
            {
                crew.For(_packing, &run, _g.Groups * _positions.Count);
                crew.For(_tiling, &run, _g.Groups * FilterBlocks * positionUnits);
            }
            else
            {
                crew.For(_tiling, &run, _g.Groups * run.Stretches);
            }
        }
    }

    // Time of both arrangements in vectors of multiply-adds: the empty part of the last panel against the turning of the tiles, which was measured at 1.7 vectors for each output.
    private static bool FiltersAsColumnsPay(ConvolutionGeometry g, GemmTiles tiles)
    {
        double positions = g.OutputPlane, filters = g.FiltersPerGroup, lanes = tiles.Lanes;
        double asPositions = filters * Math.Ceiling(positions / lanes) * g.SumLength;
        double asFilters = (positions * Math.Ceiling(filters / lanes) * g.SumLength) + (1.7 * positions * filters);
        return positions <= MostSharedPanels * tiles.Columns && asFilters < asPositions;
    }

    private void PackWeights(float* w, int unit, float* to)
    {
        int group = unit / FilterBlocks, block = unit % FilterBlocks, k = _g.SumLength, filters = _g.FiltersPerGroup;
        float* from = w + ((nint)group * filters * k), place = to + (group * FilterBlocks * WeightBlock);
        if (_turned is not null)
        {
            int first = _filtersAsColumns ? block * _tiles.Columns : _filterRows.Start(block), width = _filtersAsColumns ? _tiles.Columns : _filterRows.Size(block);
            _turned.Pack(w, group, first, Math.Min(width, filters - first), width, to + (unit * WeightBlock));
            return;
        }
        if (_filtersAsColumns) PackedColumns.PackPanel(from, 1, k, filters, k, _tiles.Columns, block, place);
        else PackedRows.PackBlock(from, filters, k, _tiles.MaxRows, block, place);
    }

    private void PackPositions(ConvolutionRun* run, int group, int block, float* to)
    {
        nint first = (nint)group * _g.ChannelsPerGroup * _padding.Plane;
        _positions.Pack(run->Input + first, _g.ChannelsPerGroup, run->Readable - first, block, Width(block), to);
    }

    private void RunUnit(ConvolutionRun* run, Phase phase, int unit, int worker)
    {
        float* own = run->Own + (worker * WorkerElements);
        switch (phase)
        {
            case Phase.Weights:
                PackWeights(run->O.W, unit, run->Weights);
                break;
            case Phase.Pack:
                PackPositions(run, unit / _positions.Count, unit % _positions.Count, run->Packed + (unit * PositionBlock));
                break;
            case Phase.Tile:
                int positionUnits = (_positions.Count + _positionsPerUnit - 1) / _positionsPerUnit;
                int group = unit / positionUnits / FilterBlocks, filterBlock = unit / positionUnits % FilterBlocks, first = unit % positionUnits * _positionsPerUnit;
                for (int block = first; block < Math.Min(first + _positionsPerUnit, _positions.Count); block++)
                {
                    float* positions = run->Packed + (((group * _positions.Count) + block) * PositionBlock);
                    if (_filtersAsColumns) TurnedTile(run, group, filterBlock, block, positions, own);
                    else Tile(run, group, filterBlock, block, positions, _tiles.Columns, own);
                }
                break;
            default:
                int stretch = unit % run->Stretches, end = (int)((long)_positions.Count * (stretch + 1) / run->Stretches);
                for (int block = (int)((long)_positions.Count * stretch / run->Stretches); block < end; block++) Stream(run, unit / run->Stretches, block, own);
                break;
        }
    }

    private void Stream(ConvolutionRun* run, int group, int block, float* own)
    {
        float* positions = own + TileElements;
        nint ldb = _tiles.Columns;
        if (_readsInPlace && _positions.Size(block) == _tiles.Columns)
        {
            positions = run->Input + ((nint)group * _g.ChannelsPerGroup * _g.InputPlane) + _positions.Start(block);
            ldb = _g.InputPlane;
        }
        else
        {
            PackPositions(run, group, block, positions);
        }
        for (int filterBlock = 0; filterBlock < _filterRows.Count; filterBlock++) Tile(run, group, filterBlock, block, positions, ldb, own);
    }

    private void Tile(ConvolutionRun* run, int group, int filterBlock, int block, float* positions, nint ldb, float* tile)
    {
        int rows = _filterRows.Size(filterBlock), channel = (group * _g.FiltersPerGroup) + _filterRows.Start(filterBlock), columns = _positions.Size(block);
        bool two = columns > _tiles.Lanes;
        float* a = run->Weights + (((group * FilterBlocks) + filterBlock) * WeightBlock);
        nint offset = ((((nint)run->Image * _g.Filters) + channel) * _g.OutputPlane) + _positions.Start(block);
        if (columns == (two ? _tiles.Columns : _tiles.Lanes) && _epilogue.FitsTile)
        {
            var finish = new TileFinish { Bias = run->O.Bias is null ? null : run->O.Bias + channel, Minimum = _minimum, Maximum = _maximum };
            if (_scale is not null)
            {
                finish.Scale = (float*)Unsafe.AsPointer(ref _scale[channel]);
                finish.Shift = (float*)Unsafe.AsPointer(ref _shift![channel]);
            }
            if (_epilogue.Adds)
            {
                finish.Residual = run->O.Residuals[0] + offset;
                finish.ResidualStride = _g.OutputPlane;
            }
            _tiles.Kernel(rows, two)(_g.SumLength, a, positions, ldb, run->O.Y + offset, _g.OutputPlane, &finish);
            return;
        }
        _tiles.Kernel(rows, two)(_g.SumLength, a, positions, ldb, tile, _tiles.Columns, null);
        _epilogue.ApplyRows<V>(tile, _tiles.Columns, rows, columns, channel, run->O.Bias, run->O.Y, offset, _g.OutputPlane, run->O.Residuals);
    }

    private void TurnedTile(ConvolutionRun* run, int group, int filterBlock, int block, float* positions, float* tile)
    {
        int rows = _positions.Size(block), first = filterBlock * _tiles.Columns, filters = Math.Min(_tiles.Columns, _g.FiltersPerGroup - first), channel = (group * _g.FiltersPerGroup) + first;
        float* b = run->Weights + (((group * FilterBlocks) + filterBlock) * WeightBlock), turned = tile + TileElements;
        _tiles.Kernel(rows, filters > _tiles.Lanes)(_g.SumLength, positions, b, _tiles.Columns, tile, _tiles.Columns, null);
        for (int f = 0; f < filters; f++)
            for (int r = 0; r < rows; r++) turned[(f * 16) + r] = tile[(r * _tiles.Columns) + f];
        nint offset = ((((nint)run->Image * _g.Filters) + channel) * _g.OutputPlane) + _positions.Start(block);
        _epilogue.ApplyRows<V>(turned, 16, filters, rows, channel, run->O.Bias, run->O.Y, offset, _g.OutputPlane, run->O.Residuals);
    }

    private static int[] Starts(RowBlocks blocks)
    {
        int[] starts = new int[blocks.Count + 1];
        for (int block = 0; block < blocks.Count; block++) starts[block + 1] = blocks.Start(block) + blocks.Size(block);
        return starts;
    }

    private static int[] Starts(int positions, int width)
    {
        int[] starts = new int[PackedColumns.Panels(positions, width) + 1];
        for (int block = 1; block < starts.Length; block++) starts[block] = Math.Min(block * width, positions);
        return starts;
    }

    private static float[] Pinned(float[] values)
    {
        float[] pinned = GC.AllocateUninitializedArray<float>(values.Length, pinned: true);
        values.CopyTo(pinned, 0);
        return pinned;
    }

    private struct ConvolutionRun
    {
        public ConvolutionOperands O;
        public float* Input, Padded, Weights, Packed, Own;
        public nint Readable;
        public int Image, Stretches;
    }

    private sealed class Work(PanelConvolution<V> convolution, Phase phase) : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker) => convolution.RunUnit((ConvolutionRun*)state, phase, unit, worker);
    }
}
