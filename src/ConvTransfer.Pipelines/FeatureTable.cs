using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>The features of images: a row of float32 numbers for each, all of one length and finite. Immutable.</summary>
public sealed class FeatureTable
{
    private readonly float[][] _rows;

    /// <summary>Makes a table of rows, which must not be changed afterwards.</summary>
    /// <param name="labels">The names of the classes, in ordinal order.</param>
    /// <param name="width">The number of features of an image.</param>
    /// <param name="files">The path of each image.</param>
    /// <param name="classes">The index of each image's class in <paramref name="labels"/>.</param>
    /// <param name="rows">The features of each image.</param>
    /// <param name="skipped">The pictures that were left out.</param>
    /// <exception cref="ArgumentException">A length or an index does not fit.</exception>
    /// <exception cref="ConvTransferException">A feature is not finite; the image is named.</exception>
    public FeatureTable(ValueList<string> labels, int width, IEnumerable<string> files, IEnumerable<int> classes, IEnumerable<float[]> rows, IEnumerable<SkippedImage>? skipped = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        Labels = labels;
        Width = width;
        Files = files.ToValueList();
        Classes = classes.ToValueList();
        _rows = [.. rows];
        Skipped = (skipped ?? []).ToValueList();
        if (Files.Count != _rows.Length || Classes.Count != _rows.Length) throw new ArgumentException($"{_rows.Length} rows are given for {Files.Count} files with {Classes.Count} classes", nameof(rows));
        for (int i = 0; i < _rows.Length; i++)
        {
            if (_rows[i].Length != width) throw new ArgumentException($"row {i} has {_rows[i].Length} features, expected {width}", nameof(rows));
            if (Classes[i] < 0 || Classes[i] >= labels.Count) throw new ArgumentException($"image {i} is of class {Classes[i]}, expected 0 to {labels.Count - 1}", nameof(classes));
            RequireFinite(_rows[i], Files[i]);
        }
    }

    /// <summary>The names of the classes, in ordinal order.</summary>
    public ValueList<string> Labels { get; }

    /// <summary>The number of features of an image.</summary>
    public int Width { get; }

    /// <summary>The number of images.</summary>
    public int Count => _rows.Length;

    /// <summary>The path of each image.</summary>
    public ValueList<string> Files { get; }

    /// <summary>The index of each image's class in <see cref="Labels"/>.</summary>
    public ValueList<int> Classes { get; }

    /// <summary>The pictures that were left out.</summary>
    public ValueList<SkippedImage> Skipped { get; }

    /// <summary>The features of an image.</summary>
    public ReadOnlySpan<float> Row(int index) => _rows[index];

    /// <summary>A table of some of the images, in the given order; it shares the rows and has no skipped pictures.</summary>
    public FeatureTable Take(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new FeatureTable(Labels, Width, rows.Select(i => Files[i]), rows.Select(i => Classes[i]), rows.Select(i => _rows[i]));
    }

    /// <summary>The figures of a head on these images.</summary>
    /// <exception cref="ArgumentException">The head is for another number of features or other classes.</exception>
    public Figures Evaluate(LinearHead head)
    {
        ArgumentNullException.ThrowIfNull(head);
        if (head.Labels != Labels) throw new ArgumentException("the head is for other classes", nameof(head));
        return Figures.Of(Labels, Classes, Enumerable.Range(0, Count).Select(i => Scores(head, i)).ToArray());
    }

    /// <summary>The scores that a head gives an image.</summary>
    /// <exception cref="ArgumentException">The head is for another number of features.</exception>
    public ValueList<float> Scores(LinearHead head, int index)
    {
        ArgumentNullException.ThrowIfNull(head);
        var scores = new float[head.Labels.Count];
        head.Scores(Row(index), scores);
        return ValueList.Create<float>(scores);
    }

    private static void RequireFinite(float[] row, string file)
    {
        for (int i = 0; i < row.Length; i++)
            if (!float.IsFinite(row[i])) throw new ConvTransferException(FailureCause.DataInvalid, string.Create(CultureInfo.InvariantCulture, $"feature {i} of this picture is {row[i]}, expected a finite number; the network or the recipe does not fit it"), file);
    }
}
