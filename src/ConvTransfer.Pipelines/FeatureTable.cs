using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;

namespace ConvTransfer.Pipelines;

/// <summary>The features of labelled pictures: a row of float32 numbers for each, all of one length and finite. Immutable.</summary>
public sealed class FeatureTable
{
    private readonly float[][] _rows;

    /// <summary>Makes a table of rows, which must not be changed afterwards.</summary>
    /// <param name="images">The pictures and their classes.</param>
    /// <param name="width">The number of features of a picture.</param>
    /// <param name="rows">The features of each picture.</param>
    /// <param name="skipped">The pictures that were left out.</param>
    /// <exception cref="ArgumentException">The number of rows or the length of one does not fit.</exception>
    /// <exception cref="ConvTransferException">A feature is not finite; the picture is named.</exception>
    public FeatureTable(ImageDataset images, int width, IEnumerable<float[]> rows, ValueList<SkippedImage> skipped = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        Images = images;
        Labels = images.Classes.ToValueList();
        Width = width;
        Skipped = skipped;
        _rows = [.. rows];
        if (_rows.Length != images.Count) throw new ArgumentException($"{_rows.Length} rows are given for {images.Count} pictures", nameof(rows));
        for (int i = 0; i < _rows.Length; i++)
        {
            if (_rows[i].Length != width) throw new ArgumentException($"row {i} has {_rows[i].Length} features, expected {width}", nameof(rows));
            RequireFinite(_rows[i], FileAt(i));
        }
    }

    /// <summary>The pictures that the rows belong to.</summary>
    public ImageDataset Images { get; }

    /// <summary>The names of the classes.</summary>
    public ValueList<string> Labels { get; }

    /// <summary>The number of features of a picture.</summary>
    public int Width { get; }

    /// <summary>The number of pictures.</summary>
    public int Count => _rows.Length;

    /// <summary>The pictures that were left out.</summary>
    public ValueList<SkippedImage> Skipped { get; }

    /// <summary>The features of a picture.</summary>
    public ReadOnlySpan<float> Row(int index) => _rows[index];

    /// <summary>The file of a picture.</summary>
    public string FileAt(int index) => Images.Items[index].Path;

    /// <summary>The index of a picture's class in <see cref="Labels"/>.</summary>
    public int ClassAt(int index) => Images.Items[index].Label;

    /// <summary>Tables of both parts; they share the rows and have no skipped pictures.</summary>
    /// <param name="split">Parts of <see cref="Images"/>.</param>
    public (FeatureTable Train, FeatureTable Test) Take(ImageSplit split)
    {
        ArgumentNullException.ThrowIfNull(split);
        var rowOf = new Dictionary<LabelledImage, float[]>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < Count; i++) rowOf[Images.Items[i]] = _rows[i];
        FeatureTable Part(ImageDataset images) => new(images, Width, images.Items.Select(i => rowOf.TryGetValue(i, out float[]? row) ? row : throw new ArgumentException($"'{DisplayText.Escape(i.Path)}' is no picture of this table", nameof(split))));
        return (Part(split.Train), Part(split.Test));
    }

    /// <summary>The scores that a head gives a picture.</summary>
    /// <exception cref="ArgumentException">The head is for another number of features.</exception>
    public ValueList<float> Scores(LinearHead head, int index)
    {
        ArgumentNullException.ThrowIfNull(head);
        var scores = new float[head.Labels.Count];
        head.Scores(Row(index), scores);
        return ValueList.Create<float>(scores);
    }

    /// <summary>What a head says about a picture.</summary>
    /// <exception cref="ArgumentException">The head is for another number of features.</exception>
    public Prediction Predict(LinearHead head, int index)
    {
        var scores = Scores(head, index);
        int best = Figures.Predicted(scores.AsSpan());
        return new Prediction(FileAt(index), best < 0 ? null : head.Labels[best], scores, head.Labels);
    }

    /// <summary>The figures of a head on these pictures. Classes are matched by name; pictures of a class that the head does not know are counted apart.</summary>
    /// <exception cref="ArgumentException">The head is for another number of features.</exception>
    public Figures Evaluate(LinearHead head)
    {
        ArgumentNullException.ThrowIfNull(head);
        int[] known = [.. Labels.Select(head.Labels.IndexOf)];
        return Figures.Of(head.Labels, [.. Images.Items.Select(i => known[i.Label])], [.. Enumerable.Range(0, Count).Select(i => Scores(head, i))]);
    }

    private static void RequireFinite(float[] row, string file)
    {
        for (int i = 0; i < row.Length; i++)
            if (!float.IsFinite(row[i])) throw new ConvTransferException(FailureCause.DataInvalid, string.Create(CultureInfo.InvariantCulture, $"feature {i} of this picture is {row[i]}, expected a finite number; the network or the recipe does not fit it"), file);
    }
}
