namespace ConvTransfer.Graphs;

/// <summary>A named value of a graph with its declared type: an input, an output, or an entry of value_info.</summary>
public sealed record ValueInfo(string Name, ValueType? Type)
{
    /// <summary>The documentation string; null when the file has none.</summary>
    public string? DocString { get; init; }

    /// <summary>The element of the source file that this came from; opaque to everyone but the exporter.</summary>
    public object? Origin { get; init; }
}
