namespace ConvTransfer.Engine.Gemm;

/// <summary>A number of rows cut into the fewest blocks that fit a tile, as equal as they can be: 64 rows at most 14 to a block are 13 + 13 + 13 + 13 + 12.</summary>
/// <remarks>Equal blocks waste no lane of a tile and need at most two kernels.</remarks>
internal readonly struct RowBlocks
{
    private readonly int _least, _larger;

    public RowBlocks(int rows, int maxRows)
    {
        Count = (rows + maxRows - 1) / maxRows;
        _least = Count == 0 ? 0 : rows / Count;
        _larger = Count == 0 ? 0 : rows % Count;
    }

    /// <summary>The number of blocks.</summary>
    public int Count { get; }

    /// <summary>The first row of a block.</summary>
    public int Start(int block) => (block * _least) + Math.Min(block, _larger);

    /// <summary>The rows of a block.</summary>
    public int Size(int block) => block < _larger ? _least + 1 : _least;
}
