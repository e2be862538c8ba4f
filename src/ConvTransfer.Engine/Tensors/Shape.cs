using System.Collections;
using System.Globalization;

namespace ConvTransfer.Engine.Tensors;

/// <summary>The lengths of a tensor's axes: all numbers, none negative. Immutable, compared by value. Rank 0 is a scalar.</summary>
public sealed class Shape : IReadOnlyList<long>, IEquatable<Shape>
{
    private readonly long[] _dims;

    /// <summary>Creates a shape.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative.</exception>
    /// <exception cref="OverflowException">The number of elements does not fit 63 bits.</exception>
    public Shape(params ReadOnlySpan<long> dims)
    {
        _dims = dims.ToArray();
        long count = 1;
        bool empty = false;
        foreach (long dim in _dims)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dim);
            if (dim == 0) empty = true;
            else count = checked(count * dim);
        }
        ElementCount = empty ? 0 : count;
    }

    /// <summary>The shape of a scalar: no axes, one element.</summary>
    public static Shape Scalar { get; } = new();

    /// <summary>The number of axes.</summary>
    public int Rank => _dims.Length;

    int IReadOnlyCollection<long>.Count => _dims.Length;

    /// <summary>The number of elements: the product of all lengths.</summary>
    public long ElementCount { get; }

    /// <summary>The length of an axis.</summary>
    public long this[int axis] => _dims[axis];

    /// <summary>The lengths, without a copy.</summary>
    public ReadOnlySpan<long> Dims => _dims;

    /// <summary>The product of the lengths of the axes from <paramref name="start"/> up to, not including, <paramref name="end"/>.</summary>
    public long Product(int start, int end)
    {
        long product = 1;
        for (int i = start; i < end; i++) product = checked(product * _dims[i]);
        return product;
    }

    /// <summary>The same shape with one length replaced.</summary>
    public Shape With(int axis, long length)
    {
        long[] dims = [.. _dims];
        dims[axis] = length;
        return new Shape(dims);
    }

    /// <inheritdoc/>
    public bool Equals(Shape? other) => other is not null && _dims.AsSpan().SequenceEqual(other._dims);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (long dim in _dims) hash.Add(dim);
        return hash.ToHashCode();
    }

    /// <summary>The lengths as "1x3x224x224"; "scalar" for rank 0.</summary>
    public override string ToString() => Rank == 0 ? "scalar" : string.Join('x', _dims.Select(d => d.ToString(CultureInfo.InvariantCulture)));

    /// <inheritdoc/>
    public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)_dims).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
