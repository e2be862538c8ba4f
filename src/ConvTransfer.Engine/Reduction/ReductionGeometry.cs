namespace ConvTransfer.Engine.Reduction;

/// <summary>Which elements of a tensor are taken together. Immutable.</summary>
internal sealed class ReductionGeometry
{
    private readonly nint[] _keptDims;
    private readonly nint[] _keptStrides;
    private readonly nint[] _reducedDims;
    private readonly nint[] _reducedStrides;

    /// <summary>Divides the axes into kept and reduced ones; neighbours of one kind are merged.</summary>
    public ReductionGeometry(ReadOnlySpan<long> dims, ReadOnlySpan<bool> reduced)
    {
        List<nint> keptDims = [], keptStrides = [], reducedDims = [], reducedStrides = [];
        nint stride = 1;
        bool? last = null;
        for (int axis = dims.Length - 1; axis >= 0; axis--)
        {
            nint dim = (nint)dims[axis];
            if (dim != 1)
            {
                var (lengths, strides) = reduced[axis] ? (reducedDims, reducedStrides) : (keptDims, keptStrides);
                if (last == reduced[axis])
                {
                    lengths[0] *= dim;
                }
                else
                {
                    lengths.Insert(0, dim);
                    strides.Insert(0, stride);
                }
                last = reduced[axis];
            }
            stride *= dim;
        }
        (_keptDims, _keptStrides, _reducedDims, _reducedStrides) = ([.. keptDims], [.. keptStrides], [.. reducedDims], [.. reducedStrides]);
        Results = _keptDims.Aggregate((nint)1, (p, d) => p * d);
        Terms = _reducedDims.Aggregate((nint)1, (p, d) => p * d);
        Inner = _reducedDims.Length == 0 ? 1 : _reducedDims[^1];
        InnerStride = _reducedDims.Length == 0 ? 1 : _reducedStrides[^1];
    }

    /// <summary>The number of results.</summary>
    public nint Results { get; }

    /// <summary>The number of elements that each result takes together.</summary>
    public nint Terms { get; }

    /// <summary>The length of the innermost reduced axis, after merging.</summary>
    public nint Inner { get; }

    /// <summary>Elements from one index to the next on it.</summary>
    public nint InnerStride { get; }

    /// <summary>The first element of a result's terms.</summary>
    public nint Start(nint result) => Offset(result, _keptDims, _keptStrides, _keptDims.Length);

    /// <summary>The first element of a run along the innermost reduced axis, from the start of the result's terms. There are <see cref="Terms"/> / <see cref="Inner"/> runs.</summary>
    public nint Run(nint run) => Offset(run, _reducedDims, _reducedStrides, _reducedDims.Length - 1);

    private static nint Offset(nint index, nint[] dims, nint[] strides, int axes)
    {
        nint offset = 0;
        for (int axis = axes - 1; axis >= 0; axis--)
        {
            offset += index % dims[axis] * strides[axis];
            index /= dims[axis];
        }
        return offset;
    }
}
