using ConvTransfer.Graphs;
using ConvTransfer.Pipelines;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace ConvTransfer.MLNet;

/// <summary>A table of features as ML.NET sees it: column "Label" with the classes as keys in the table's order, column "Features" as a vector of known size.</summary>
internal static class FeatureView
{
    public const string Label = "Label", Features = "Features", Score = "Score";

    /// <summary>A view that copies a row when it is read and computes nothing.</summary>
    public static IDataView Of(MLContext context, FeatureTable table)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[Features].ColumnType = new VectorDataViewType(NumberDataViewType.Single, table.Width);
        schema[Label].ColumnType = new KeyDataViewType(typeof(uint), table.Labels.Count);
        // The names travel from here to the slots of the scores.
        schema[Label].AddAnnotation("KeyValues", Names(table.Labels), new VectorDataViewType(TextDataViewType.Instance, table.Labels.Count));
        // A key is given by its index from 0, although ML.NET's own keys begin at 1.
        return context.Data.LoadFromEnumerable(Enumerable.Range(0, table.Count).Select(i => new Row { Label = (uint)table.ClassAt(i), Features = table.Row(i).ToArray() }), schema);
    }

    /// <summary>The scores of a fitted chain, row by row.</summary>
    public static IEnumerable<float[]> Scores(MLContext context, ITransformer fitted, IDataView view) =>
        context.Data.CreateEnumerable<ScoreRow>(fitted.Transform(view), reuseRowObject: false).Select(r => r.Score);

    private static VBuffer<ReadOnlyMemory<char>> Names(ValueList<string> labels) => new(labels.Count, labels.Select(l => l.AsMemory()).ToArray());

    private sealed class Row
    {
        public uint Label { get; set; }

        public float[] Features { get; set; } = [];
    }

    private sealed class ScoreRow
    {
        public float[] Score { get; set; } = [];
    }
}
