using System.Globalization;

namespace ConvTransfer.Graphs;

/// <summary>The length of one axis in a type: a number, a symbol that stands for the same number everywhere in a graph, or unknown.</summary>
public readonly record struct Dim
{
    private readonly long _value;
    private readonly bool _known;

    private Dim(long value, bool known, string? symbol)
    {
        _value = value;
        _known = known;
        Symbol = symbol;
    }

    /// <summary>A length about which nothing is known. Two unknown lengths are not the same length, though they compare as equal data.</summary>
    public static Dim Unknown => default;

    /// <summary>A symbolic length.</summary>
    public static Dim Of(string symbol) => new(0, false, symbol);

    /// <summary>A known length.</summary>
    public static implicit operator Dim(long value) => new(value, true, null);

    /// <summary>True when the length is a number.</summary>
    public bool IsKnown => _known;

    /// <summary>The number.</summary>
    /// <exception cref="InvalidOperationException">The length is not a number.</exception>
    public long Value => _known ? _value : throw new InvalidOperationException($"length '{this}' is not known");

    /// <summary>The symbol, or null.</summary>
    public string? Symbol { get; }

    /// <summary>True when both are surely the same length: equal numbers or equal symbols.</summary>
    public bool IsSame(Dim other) => (_known && other._known && _value == other._value) || (Symbol is not null && Symbol == other.Symbol);

    /// <summary>False only when both are numbers and differ.</summary>
    public bool MayEqual(Dim other) => !_known || !other._known || _value == other._value;

    /// <summary>The number, the symbol, or "?".</summary>
    public override string ToString() => _known ? _value.ToString(CultureInfo.InvariantCulture) : Symbol ?? "?";
}
