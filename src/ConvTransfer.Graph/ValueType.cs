using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Graphs;

/// <summary>What a value of a graph is.</summary>
public abstract record ValueType;

/// <summary>A tensor type: element type and the lengths of the axes, which may be symbolic.</summary>
/// <param name="ElementType">The type of the elements.</param>
/// <param name="Dims">The axes; null when not even their number is known.</param>
public sealed record TensorType(ElementType ElementType, ValueList<Dim>? Dims) : ValueType
{
    /// <summary>The type of a concrete tensor.</summary>
    public static TensorType Of(ElementType elementType, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new TensorType(elementType, shape.Select(d => (Dim)d).ToValueList());
    }

    /// <summary>The number of axes.</summary>
    /// <exception cref="InvalidOperationException">It is not known.</exception>
    public int Rank => Dims?.Count ?? throw new InvalidOperationException("the rank is not known");

    /// <summary>The length of an axis.</summary>
    public Dim this[int axis] => Dims is { } dims ? dims[axis] : throw new InvalidOperationException("the rank is not known");

    /// <summary>True when all lengths are numbers.</summary>
    public bool IsStatic => Dims is { } dims && dims.All(d => d.IsKnown);

    /// <summary>The concrete shape.</summary>
    /// <exception cref="InvalidOperationException">A length is not known.</exception>
    public Shape ToShape() => new((Dims ?? throw new InvalidOperationException("the rank is not known")).Select(d => d.Value).ToArray());

    /// <summary>The type as "float [N, 3, 224, 224]".</summary>
    public override string ToString() => $"{ElementType.OnnxName()} [{(Dims is { } dims ? string.Join(", ", dims.Select(d => d.Symbol is { } s ? Core.DisplayText.Escape(s) : d.ToString())) : "…")}]";
}

/// <summary>A sequence, map, optional or sparse tensor: kept through files, not computed with.</summary>
/// <param name="Description">What it is, such as "sequence(map(string, float))".</param>
public sealed record OtherType(string Description) : ValueType
{
    /// <summary>The description.</summary>
    public override string ToString() => Description;
}
