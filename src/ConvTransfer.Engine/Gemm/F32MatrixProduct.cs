using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Gemm;

/// <summary>The addresses of one run of an <see cref="F32MatrixProduct"/>.</summary>
internal unsafe struct MatrixOperands
{
    public float* A, B, C, Y;

    /// <summary>Operands of the epilogue's Add stages, each shaped as Y.</summary>
    public float** Residuals;

    /// <summary><see cref="F32MatrixProduct.ScratchBytes"/>, 64-byte aligned.</summary>
    public byte* Scratch;
}

/// <summary>A planned matrix product of float32, Y = epilogue(alpha · A · B + beta · C), an epilogue's channel being the column. Immutable.</summary>
internal abstract unsafe class F32MatrixProduct : CrewWork
{
    /// <summary>Plans a product.</summary>
    /// <param name="geometry">The numbers.</param>
    /// <param name="affine">Factors and C's strides.</param>
    /// <param name="epilogue">What follows.</param>
    /// <param name="packedB">B as <see cref="Pack"/> gives it; null to read it anew in every run.</param>
    /// <param name="width">The vectors' width.</param>
    public static F32MatrixProduct Create(MatrixGeometry geometry, Affine affine, RowEpilogue epilogue, PackedColumns? packedB, VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new F32MatrixProduct<F32x16>(geometry, affine, epilogue, packedB, GemmTiles.For(width)),
        VectorWidth.Bits256 => new F32MatrixProduct<F32x8>(geometry, affine, epilogue, packedB, GemmTiles.For(width)),
        _ => new F32MatrixProduct<F32x4>(geometry, affine, epilogue, packedB, GemmTiles.For(width)),
    };

    /// <summary>Packs a constant B that all products of the geometry share.</summary>
    public static PackedColumns Pack(MatrixGeometry g, float* b, VectorWidth width) => new(b, 1, 0, g.BRow, g.BColumn, g.N, g.K, GemmTiles.For(width).Columns);

    /// <summary>Working memory in bytes for a crew of a size.</summary>
    public abstract long ScratchBytes(int crew);

    /// <summary>Computes Y.</summary>
    public abstract void Run(in MatrixOperands operands, Crew crew);
}

/// <summary>
/// The product over the micro-kernel: A is packed in blocks of rows, B in panels of two vectors. One unit of work is a panel with a share of the row blocks.
/// A single row of A needs no packing; an unpacked B that is used for two blocks of rows at most is read where it lies.
/// </summary>
internal sealed unsafe class F32MatrixProduct<V> : F32MatrixProduct where V : unmanaged, IVector<V>
{
    private const int BlocksWithoutPacking = 2, LeastUnits = 8;

    private readonly MatrixGeometry _g;
    private readonly Affine _affine;
    private readonly RowEpilogue _epilogue;
    private readonly PackedColumns? _packedB;
    private readonly GemmTiles _tiles;
    private readonly RowPacking _rowPacking;
    private readonly RowBlocks _blocks;
    private readonly int _panels, _splits;
    private readonly bool _readsAInPlace;

    public F32MatrixProduct(MatrixGeometry geometry, Affine affine, RowEpilogue epilogue, PackedColumns? packedB, GemmTiles tiles)
    {
        _g = geometry;
        _affine = affine;
        _epilogue = epilogue;
        _packedB = packedB;
        _tiles = tiles;
        _blocks = new RowBlocks(geometry.M, tiles.MaxRows);
        _panels = PackedColumns.Panels(geometry.N, tiles.Columns);
        _splits = _panels == 0 || _blocks.Count == 0 ? 0 : Math.Min(_blocks.Count, (LeastUnits + _panels - 1) / _panels);
        _readsAInPlace = geometry.M == 1 && geometry.AColumn == 1;
        _rowPacking = new RowPacking(this);
    }

    private nint ABlock => OperandPacking.Rounded((nint)_g.K * _blocks.Size(0));

    private nint AElements => _readsAInPlace ? 0 : _blocks.Count * ABlock;

    // A worker's own memory: a panel of B and a tile.
    private nint WorkerElements => (_packedB is null ? PackedColumns.Stride(_g.K, _tiles.Columns) : 0) + OperandPacking.Rounded(_tiles.MaxRows * _tiles.Columns);

    public override long ScratchBytes(int crew) => checked((AElements + (crew * WorkerElements)) * sizeof(float));

    public override void Run(in MatrixOperands operands, Crew crew)
    {
        var run = new ProductRun { Operands = operands };
        for (run.Product = 0; run.Product < _g.Products; run.Product++)
        {
            if (!_readsAInPlace) crew.For(_rowPacking, &run, _blocks.Count);
            crew.For(this, &run, _panels * _splits);
        }
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        var run = (ProductRun*)state;
        ref var o = ref run->Operands;
        int panel = unit / _splits, split = unit % _splits, column = panel * _tiles.Columns;
        int columns = Math.Min(_tiles.Columns, _g.N - column);
        bool two = columns > _tiles.Lanes;
        float* own = (float*)o.Scratch + AElements + (worker * WorkerElements), tile = own, b;
        nint ldb = _tiles.Columns;
        if (_packedB is not null)
        {
            b = _packedB.Pointer + (panel * PackedColumns.Stride(_g.K, _tiles.Columns));
        }
        else
        {
            tile = own + PackedColumns.Stride(_g.K, _tiles.Columns);
            b = o.B + _g.BStart[run->Product] + (column * _g.BColumn);
            if (_g.BColumn == 1 && columns == _tiles.Columns && _blocks.Count <= BlocksWithoutPacking) ldb = _g.BRow;
            else OperandPacking.PackColumns(b, _g.BRow, _g.BColumn, columns, _g.K, _tiles.Columns, b = own);
        }
        for (int block = _blocks.Count * split / _splits; block < _blocks.Count * (split + 1) / _splits; block++)
        {
            int row = _blocks.Start(block), rows = _blocks.Size(block);
            float* a = _readsAInPlace ? o.A + _g.AStart[run->Product] : (float*)o.Scratch + (block * ABlock);
            nint offset = ((((nint)run->Product * _g.M) + row) * _g.N) + column;
            if (columns == (two ? _tiles.Columns : _tiles.Lanes))
            {
                _tiles.Kernel(rows, two)(_g.K, a, b, ldb, o.Y + offset, _g.N, null);
            }
            else
            {
                _tiles.Kernel(rows, two)(_g.K, a, b, ldb, tile, _tiles.Columns, null);
                for (int r = 0; r < rows; r++) new ReadOnlySpan<float>(tile + (r * _tiles.Columns), columns).CopyTo(new Span<float>(o.Y + offset + ((nint)r * _g.N), columns));
            }
            for (int r = 0; r < rows; r++, offset += _g.N) Finish(o, row + r, column, columns, offset);
        }
    }

    private void Finish(in MatrixOperands o, int row, int column, int columns, nint offset)
    {
        if (_affine.Alpha != 1 || o.C is not null)
        {
            float* y = o.Y + offset, c = o.C is null ? null : o.C + (row * _affine.CRow) + (column * _affine.CColumn);
            for (int j = 0; j < columns; j += V.Count)
            {
                int count = Math.Min(V.Count, columns - j);
                V x = V.LoadPartial(y + j, count);
                if (_affine.Alpha != 1) x *= V.Splat(_affine.Alpha);
                if (c is not null)
                {
                    V summand = _affine.CColumn == 0 ? V.Splat(*c) : V.LoadPartial(c + j, count);
                    x += _affine.Beta == 1 ? summand : summand * V.Splat(_affine.Beta);
                }
                V.StorePartial(x, y + j, count);
            }
        }
        if (!_epilogue.IsEmpty) _epilogue.ApplyColumns<V>(o.Y, offset, columns, column, o.Residuals);
    }

    private struct ProductRun
    {
        public MatrixOperands Operands;
        public int Product;
    }

    private sealed class RowPacking(F32MatrixProduct<V> product) : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker)
        {
            var run = (ProductRun*)state;
            var g = product._g;
            OperandPacking.PackRows(run->Operands.A + g.AStart[run->Product] + (product._blocks.Start(unit) * g.ARow), g.ARow, g.AColumn, product._blocks.Size(unit), g.K, (float*)run->Operands.Scratch + (unit * product.ABlock));
        }
    }
}
