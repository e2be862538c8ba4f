using System.Globalization;
using ConvTransfer.Core;

namespace ConvTransfer.Graphs;

/// <summary>Shows attribute values in a few words.</summary>
internal static class AttributeText
{
    private const int MaxItems = 16;

    /// <summary>The value, shortened and escaped.</summary>
    public static string Of(AttributeValue value) => value switch
    {
        AttributeValue.Float v => Number(v.Value),
        AttributeValue.Int v => v.Value.ToString(CultureInfo.InvariantCulture),
        AttributeValue.String v => $"'{DisplayText.Escape(v.Text)}'",
        AttributeValue.Floats v => List(v.Values, Number),
        AttributeValue.Ints v => List(v.Values, i => i.ToString(CultureInfo.InvariantCulture)),
        AttributeValue.Strings v => List([.. v.Texts], s => $"'{DisplayText.Escape(s)}'"),
        AttributeValue.Tensor v => v.Value.Type.ToString(),
        AttributeValue.Tensors v => List(v.Values, t => t.Type.ToString()),
        AttributeValue.Subgraph v => $"graph of {v.Value.Nodes.Count} nodes",
        AttributeValue.Subgraphs v => List(v.Values, g => $"graph of {g.Nodes.Count} nodes"),
        AttributeValue.Reference v => $"the call's '{DisplayText.Escape(v.Attribute)}'",
        _ => value.TypeName,
    };

    private static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string List<T>(IReadOnlyCollection<T> items, Func<T, string> show) =>
        $"[{string.Join(", ", items.Take(MaxItems).Select(show))}{(items.Count > MaxItems ? $", … {items.Count} in all" : "")}]";
}
