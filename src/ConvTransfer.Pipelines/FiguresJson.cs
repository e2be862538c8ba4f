using System.Text;
using System.Text.Json;

namespace ConvTransfer.Pipelines;

/// <summary>Figures as JSON for machines: the same figures give the same bytes. Shares are numbers from 0 to 1; what is not defined is null.</summary>
public static class FiguresJson
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <summary>One JSON object, on lines of its own when <paramref name="indented"/>.</summary>
    public static string Of(Figures figures, bool indented = false) => Text(json => Write(json, figures), indented);

    /// <summary>One JSON object, on lines of its own when <paramref name="indented"/>; the figures over all images are its own, those of the folds stand under "folds".</summary>
    public static string Of(FoldFigures figures, bool indented = false) => Text(json => Write(json, figures), indented);

    /// <summary>Writes the object's members into an object that the writer has begun.</summary>
    public static void Write(Utf8JsonWriter json, Figures figures)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(figures);
        json.WriteNumber("accuracy", figures.Accuracy);
        json.WriteNumber("balancedAccuracy", figures.BalancedAccuracy);
        json.WriteNumber("logLoss", figures.LogLoss);
        json.WriteStartObject("top");
        for (int k = 1; k <= figures.Top; k++) json.WriteNumber(k.ToString(System.Globalization.CultureInfo.InvariantCulture), figures.TopAccuracy(k));
        json.WriteEndObject();
        json.WriteNumber("images", figures.Images);
        json.WriteNumber("notFinite", figures.NotFinite);
        json.WriteNumber("unknownLabels", figures.UnknownLabels);
        json.WriteStartArray("classes");
        foreach (var c in figures.Classes)
        {
            json.WriteStartObject();
            json.WriteString("label", c.Label);
            json.WriteNumber("images", c.Images);
            Write(json, "precision", c.Precision);
            Write(json, "recall", c.Recall);
            Write(json, "f1", c.F1);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("confusion");
        for (int label = 0; label < figures.Labels.Count; label++)
        {
            json.WriteStartArray();
            for (int predicted = 0; predicted < figures.Labels.Count; predicted++) json.WriteNumberValue(figures.Confusion(label, predicted));
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    /// <inheritdoc cref="Write(Utf8JsonWriter, Figures)"/>
    public static void Write(Utf8JsonWriter json, FoldFigures figures)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(figures);
        Write(json, figures.All);
        json.WriteStartObject("folds");
        json.WriteNumber("count", figures.Folds.Count);
        Write(json, "accuracy", figures.Accuracy, figures, f => f.Accuracy);
        Write(json, "balancedAccuracy", figures.BalancedAccuracy, figures, f => f.BalancedAccuracy);
        Write(json, "logLoss", figures.LogLoss, figures, f => f.LogLoss);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, MeanAndDeviation over, FoldFigures figures, Func<Figures, double> figure)
    {
        json.WriteStartObject(name);
        json.WriteNumber("mean", over.Mean);
        json.WriteNumber("deviation", over.Deviation);
        json.WriteStartArray("each");
        foreach (var fold in figures.Folds) json.WriteNumberValue(figure(fold));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } given) json.WriteNumber(name, given);
        else json.WriteNull(name);
    }

    private static string Text(Action<Utf8JsonWriter> members, bool indented)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, indented ? Indented : default))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
