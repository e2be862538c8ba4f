namespace ConvTransfer.Operators.Schema;

/// <summary>How often a formal input or output may appear.</summary>
internal enum Presence
{
    Required,
    Optional,

    /// <summary>Any number of values, at least one; only the last parameter.</summary>
    Variadic,
}

/// <summary>A formal input or output of an operator.</summary>
/// <param name="Name">The standard's name.</param>
/// <param name="Type">The type parameter.</param>
/// <param name="Presence">Whether it must be given.</param>
internal sealed record Parameter(string Name, TypeVariable Type, Presence Presence = Presence.Required)
{
    /// <summary>The first operator version that has the parameter.</summary>
    public int Since { get; init; } = 1;

    /// <summary>The last operator version that has the parameter.</summary>
    public int Until { get; init; } = int.MaxValue;

    /// <summary>True for an input whose value, not only its shape, decides the shape of an output: it must be known when the plan is made.</summary>
    public bool DecidesShape { get; init; }

    /// <summary>True for a variadic parameter whose values may differ in element type.</summary>
    public bool Heterogeneous { get; init; }
}
