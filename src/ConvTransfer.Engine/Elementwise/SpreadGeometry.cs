namespace ConvTransfer.Engine.Elementwise;

/// <summary>How operands are spread over a result: axes that lie alike in all of them are merged, so that most loops have one or two axes left. Immutable.</summary>
internal sealed class SpreadGeometry
{
    private const long ElementsPerUnit = 16 << 10;

    private readonly nint[] _dims;
    private readonly nint[][] _strides;

    /// <summary>Merges the axes.</summary>
    /// <param name="output">The lengths of the result's axes.</param>
    /// <param name="strides">For each operand the elements from one index to the next on each axis of the result; 0 where it is spread.</param>
    public SpreadGeometry(ReadOnlySpan<long> output, params long[][] strides)
    {
        var dims = new List<long>();
        var kept = strides.Select(_ => new List<long>()).ToArray();
        for (int axis = 0; axis < output.Length; axis++)
        {
            if (output[axis] == 1) continue;
            bool merges = dims.Count > 0;
            for (int i = 0; merges && i < strides.Length; i++) merges = kept[i][^1] == strides[i][axis] * output[axis];
            if (merges) dims[^1] *= output[axis];
            else dims.Add(output[axis]);
            for (int i = 0; i < strides.Length; i++)
            {
                if (merges) kept[i][^1] = strides[i][axis];
                else kept[i].Add(strides[i][axis]);
            }
        }
        if (dims.Count == 0)
        {
            dims.Add(1);
            foreach (var list in kept) list.Add(0);
        }
        _dims = [.. dims.Select(d => (nint)d)];
        _strides = [.. kept.Select(l => l.Select(s => (nint)s).ToArray())];
        Count = 1;
        foreach (long dim in output) Count *= dim;
        Inner = _dims[^1];
        Rows = Count == 0 ? 0 : (nint)(Count / Inner);
        // A unit is some rows, or where rows are long a part of one.
        RowsPerUnit = (nint)Math.Max(1, ElementsPerUnit / Math.Max(1, (long)Inner));
        PartsPerRow = RowsPerUnit > 1 ? 1 : (nint)Math.Max(1, Inner / ElementsPerUnit);
        Units = checked((int)(PartsPerRow > 1 ? Rows * PartsPerRow : (Rows + RowsPerUnit - 1) / RowsPerUnit));
    }

    /// <summary>The number of elements of the result.</summary>
    public long Count { get; }

    /// <summary>The length of the innermost merged axis.</summary>
    public nint Inner { get; }

    /// <summary>The number of runs along the innermost axis.</summary>
    public nint Rows { get; }

    /// <summary>The number of units into which the work is divided; it depends on the geometry alone.</summary>
    public int Units { get; }

    private nint RowsPerUnit { get; }

    private nint PartsPerRow { get; }

    /// <summary>The stride of an operand along the innermost axis.</summary>
    public nint InnerStride(int operand) => _strides[operand][^1];

    /// <summary>The rows and the part of each that belong to a unit.</summary>
    public (nint FirstRow, nint EndRow, nint From, nint To) Unit(int unit)
    {
        if (PartsPerRow == 1) return (unit * RowsPerUnit, Math.Min(Rows, (unit + 1) * RowsPerUnit), 0, Inner);
        nint row = unit / PartsPerRow, part = unit % PartsPerRow;
        // Whole cache lines, so that no two threads write to one.
        nint Edge(nint p) => p == PartsPerRow ? Inner : Inner / PartsPerRow * p / 64 * 64;
        return (row, row + 1, Edge(part), Edge(part + 1));
    }

    /// <summary>The first element of a row in an operand.</summary>
    public nint Offset(int operand, nint row)
    {
        nint offset = 0;
        nint[] strides = _strides[operand];
        for (int axis = _dims.Length - 2; axis >= 0; axis--)
        {
            offset += row % _dims[axis] * strides[axis];
            row /= _dims[axis];
        }
        return offset;
    }
}
