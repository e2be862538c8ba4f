using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Convolution;

namespace ConvTransfer.Engine.Pooling;

/// <summary>For each output row of a plane, a row being a run along the last axis: the input rows that its windows see, without those in the padding.</summary>
internal sealed unsafe class PoolRows
{
    private readonly int[] _starts, _firstStart;
    private readonly float[] _rows;

    /// <summary>Lists the rows of all output rows.</summary>
    /// <param name="geometry">The pool.</param>
    /// <param name="includePad">True when <see cref="Rows"/> counts the rows in the padding too.</param>
    public PoolRows(PoolGeometry geometry, bool includePad)
    {
        int output = geometry.Axes[^1].Output;
        _rows = new float[output == 0 ? 0 : geometry.OutputPlane / output];
        _firstStart = new int[Count + 1];
        var starts = new List<int>();
        for (int row = 0; row < Count; row++)
        {
            int padded = Append(geometry.Axes, row, starts);
            _firstStart[row + 1] = starts.Count;
            _rows[row] = includePad ? padded : starts.Count - _firstStart[row];
        }
        // One more, so that even an empty list has an address.
        _starts = GC.AllocateArray<int>(starts.Count + 1, pinned: true);
        starts.CopyTo(_starts);
    }

    /// <summary>The number of output rows.</summary>
    public int Count => _rows.Length;

    /// <summary>The rows by which the mean of an output row divides.</summary>
    public float Rows(int row) => _rows[row];

    /// <summary>Where the input rows that an output row sees begin in the plane, the first axis varying slowest.</summary>
    public int* Starts(int row, out int count)
    {
        count = _firstStart[row + 1] - _firstStart[row];
        return (int*)Unsafe.AsPointer(ref _starts[0]) + _firstStart[row];
    }

    // Appends the input rows of an output row; returns how many its window has when padding counts.
    private static int Append(WindowAxis[] axes, int row, List<int> starts)
    {
        int padded = 1, scale = axes[^1].Input;
        int[] rows = [0];
        // From the last outer axis to the first; the rows found so far are repeated for each tap, so that the first axis comes to vary slowest.
        for (int a = axes.Length - 2; a >= 0; a--)
        {
            var axis = axes[a];
            int o = row % axis.Output;
            row /= axis.Output;
            var (first, end) = PoolGeometry.InInput(axis, o);
            padded *= PoolGeometry.InPadded(axis, o);
            int[] inner = rows;
            int step = scale;
            rows = [.. Enumerable.Range(first, end - first).SelectMany(t => inner.Select(start => start + ((axis.First(o) + (t * axis.Dilation)) * step)))];
            scale *= axis.Input;
        }
        starts.AddRange(rows);
        return padded;
    }
}
