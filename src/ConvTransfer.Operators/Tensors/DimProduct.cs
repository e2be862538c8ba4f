using ConvTransfer.Graphs;

namespace ConvTransfer.Operators.Tensors;

/// <summary>A product of lengths: the numbers multiplied, zeros and symbols kept apart, so that equal factors of two products can be cancelled.</summary>
internal sealed class DimProduct
{
    private readonly List<string> _symbols = [];
    private readonly int _zeros;
    private readonly long _number = 1;
    private readonly bool _hasUnknown;

    /// <summary>The product of lengths.</summary>
    /// <exception cref="OverflowException">The numbers' product does not fit 63 bits.</exception>
    public DimProduct(IEnumerable<Dim> dims)
    {
        foreach (var dim in dims)
        {
            if (dim is { IsKnown: true, Value: 0 }) _zeros++;
            else if (dim.IsKnown) _number = checked(_number * dim.Value);
            else if (dim.Symbol is { } symbol) _symbols.Add(symbol);
            else _hasUnknown = true;
        }
    }

    /// <summary>The product as one length; unknown when it is not a number or a single symbol.</summary>
    public Dim ToDim() =>
        _zeros > 0 ? 0
        : _hasUnknown ? Dim.Unknown
        : _symbols.Count == 0 ? _number
        : _symbols.Count == 1 && _number == 1 ? Dim.Of(_symbols[0])
        : Dim.Unknown;

    /// <summary>The length that this product has beside the factors of another: unknown when it cannot be told, null when there is none.</summary>
    /// <remarks>A symbol or a zero on both sides is taken to be the same axis, as the batch is in a reshape to [N, -1]; this is what makes the length of an empty batch definite.</remarks>
    public Dim? Without(DimProduct other)
    {
        if (_hasUnknown || other._hasUnknown) return Dim.Unknown;
        var mine = new List<string>(_symbols);
        bool cancelled = true;
        foreach (string symbol in other._symbols) cancelled &= mine.Remove(symbol);
        int zeros = _zeros - other._zeros;
        if (!cancelled) return Dim.Unknown;
        if (zeros > 0) return 0;
        // The other has a zero more: only a symbol of ours can be that zero.
        if (zeros < 0) return mine.Count > 0 ? Dim.Unknown : null;
        if (mine.Count == 0) return _number % other._number == 0 ? _number / other._number : null;
        return mine.Count == 1 && _number == other._number ? Dim.Of(mine[0]) : Dim.Unknown;
    }

    /// <summary>False when both products are numbers and differ.</summary>
    public bool MayEqual(DimProduct other) => ToDim().MayEqual(other.ToDim());
}
