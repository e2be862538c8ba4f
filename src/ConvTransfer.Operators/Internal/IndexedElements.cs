using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Internal;

/// <summary>The pairs of an element of the indices and the element of the data that it names along one axis, as GatherElements has them: data[i0, …, indices[i], …].</summary>
internal sealed unsafe class IndexedElements
{
    private readonly long[] _dims, _strides;
    private readonly long _step;
    private readonly bool _isWide;
    private readonly IndexCheck _check;

    /// <summary>Plans the pairs.</summary>
    /// <param name="data">The shape of the data.</param>
    /// <param name="indices">The shape of the indices, of the same rank and on every other axis not longer.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="isWide">True for int64 indices, false for int32.</param>
    /// <param name="check">The length of the axis.</param>
    public IndexedElements(Shape data, Shape indices, int axis, bool isWide, IndexCheck check)
    {
        _dims = [.. indices.Dims];
        _strides = [.. Enumerable.Range(0, data.Rank).Select(a => a == axis ? 0 : data.Product(a + 1, data.Rank))];
        _step = data.Product(axis + 1, data.Rank);
        _isWide = isWide;
        _check = check;
        Count = indices.ElementCount;
    }

    /// <summary>The number of pairs.</summary>
    public long Count { get; }

    /// <summary>The element of the data that a pair names; pairs are asked for in order.</summary>
    /// <param name="indices">The indices.</param>
    /// <param name="pair">The number of the pair.</param>
    /// <param name="counter">As many numbers as there are axes, 0 before the first pair; they change.</param>
    /// <param name="start">0 before the first pair; it changes.</param>
    public long Next(void* indices, long pair, Span<long> counter, ref long start)
    {
        long element = start + (_check.FromFront(_isWide ? ((long*)indices)[pair] : ((int*)indices)[pair]) * _step);
        for (int a = _dims.Length - 1; a >= 0; a--)
        {
            start += _strides[a];
            if (++counter[a] < _dims[a]) break;
            start -= _strides[a] * _dims[a];
            counter[a] = 0;
        }
        return element;
    }

    /// <summary>The number of axes that the stack has room for; a counter of more lies on the heap.</summary>
    public const int MostOnStack = 16;

    /// <summary>The number of axes.</summary>
    public int Rank => _dims.Length;
}
