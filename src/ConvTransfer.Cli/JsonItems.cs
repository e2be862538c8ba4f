using System.Text.Json.Nodes;
using ConvTransfer.Graphs;

namespace ConvTransfer.Cli;

/// <summary>Small parts of the JSON that verbs print.</summary>
internal static class JsonItems
{
    /// <summary>A number; null where it is not finite, for which JSON has no form.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    /// <summary>The lengths of axes: numbers, symbols as strings, null where nothing is known.</summary>
    public static JsonArray Dims(IEnumerable<Dim> dims) => new([.. dims.Select(d => d.IsKnown ? (JsonNode?)JsonValue.Create(d.Value) : d.Symbol is null || d.Symbol.StartsWith('?') ? null : JsonValue.Create(d.Symbol))]);

    /// <summary>Whole numbers.</summary>
    public static JsonArray Integers(IEnumerable<long> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v))]);

    /// <summary>Texts.</summary>
    public static JsonArray Texts(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v))]);
}
