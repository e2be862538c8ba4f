using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>The keys under which a one-file model says what it is, in ONNX's metadata_props. Nothing else of ours stands there: no clock time, no machine.</summary>
public static class OneFileMetadata
{
    /// <summary>What all keys begin with.</summary>
    public const string Prefix = "convtransfer.";

    /// <summary>The version of this format: "1".</summary>
    public const string Format = Prefix + "format";

    /// <summary>The classes' names, in the order of the scores: a JSON array of strings.</summary>
    public const string Labels = Prefix + "labels";

    /// <summary>How pictures are made ready, as JSON. The graph holds the same as nodes; this is for people and programs that read it.</summary>
    public const string Recipe = Prefix + "recipe";

    /// <summary>"any" when the file takes any number of images at a time, "1" when one: then the caller loops.</summary>
    public const string Batch = Prefix + "batch";

    /// <summary>The program that made the source network, with its version; left out when the source does not say.</summary>
    public const string Source = Prefix + "source";

    /// <summary>How good the model was on held-out images, as JSON. Given by whoever trained it.</summary>
    public const string Figures = Prefix + "figures";

    /// <summary>The value of the source network at which it was cut. Given by whoever cut it.</summary>
    public const string Cut = Prefix + "cut";

    internal const string FormatVersion = "1", AnyBatch = "any", OneImage = "1";

    private static readonly string[] Written = [Format, Labels, Recipe, Batch, Source];

    /// <summary>The entries of a file: the source's own without ours, then ours in ordinal order of their keys.</summary>
    /// <exception cref="ArgumentException">A key lacks the prefix, is given twice, or is one that is written here.</exception>
    internal static ValueList<KeyValuePair<string, string>> Entries(Model source, LinearHead head, string recipe, bool anyBatch, IEnumerable<KeyValuePair<string, string>> given)
    {
        var own = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [Format] = FormatVersion,
            [Labels] = LabelsJson(head.Labels),
            [Recipe] = recipe,
            [Batch] = anyBatch ? AnyBatch : OneImage,
        };
        if (!string.IsNullOrEmpty(source.ProducerName)) own[Source] = $"{source.ProducerName} {source.ProducerVersion}".TrimEnd();
        foreach (var (key, value) in given)
        {
            string shown = DisplayText.Escape(key);
            if (!key.StartsWith(Prefix, StringComparison.Ordinal)) throw new ArgumentException($"metadata key '{shown}' does not begin with '{Prefix}'", nameof(given));
            if (Written.Contains(key)) throw new ArgumentException($"metadata key '{shown}' is written by the export itself", nameof(given));
            if (!own.TryAdd(key, value)) throw new ArgumentException($"metadata key '{shown}' is given twice", nameof(given));
        }
        return [.. source.Metadata.Where(e => !e.Key.StartsWith(Prefix, StringComparison.Ordinal)), .. own];
    }

    /// <summary>The classes' names as JSON; letters of all scripts stand as they are.</summary>
    internal static string LabelsJson(ValueList<string> labels)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartArray();
            foreach (string label in labels) writer.WriteStringValue(label);
            writer.WriteEndArray();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The classes' names from JSON.</summary>
    /// <exception cref="ConvTransferException">It is not an array of strings.</exception>
    internal static ValueList<string> ReadLabels(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.EnumerateArray().Select(e => e.GetString() ?? throw new InvalidOperationException("null")).ToValueList();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ConvTransferException(FailureCause.DataInvalid, $"metadata '{Labels}' is no JSON array of strings: {DisplayText.Escape(json)}", innerException: e);
        }
    }
}
