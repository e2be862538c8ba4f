using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>How well a classifier did on images that it did not see before. The one place where such figures are computed.</summary>
/// <remarks>
/// The predicted class is the one with the greatest score, the first of several. An image with a score that is not finite has no predicted class:
/// it counts as wrong everywhere and has the greatest loss. Images whose label the classifier does not know are counted, and counted nowhere else.
/// </remarks>
public sealed class Figures
{
    /// <summary>Scores below this count as this much in the loss, so that one sure mistake does not make it infinite.</summary>
    public const double LeastScore = 1e-15;

    /// <summary>Top-k is given for k up to this, or up to the number of classes.</summary>
    public const int MaxTop = 5;

    // One row for each class, one column for each predicted class, and one more for images without one.
    private readonly int[] _confusion;
    private readonly int[] _within;
    private readonly double _loss;

    private Figures(ValueList<string> labels, int[] confusion, int[] within, double loss, int unknownLabels)
    {
        Labels = labels;
        _confusion = confusion;
        _within = within;
        _loss = loss;
        UnknownLabels = unknownLabels;
        Images = confusion.Sum();
        NotFinite = Enumerable.Range(0, labels.Count).Sum(c => confusion[(c * Columns) + labels.Count]);
        Classes = Enumerable.Range(0, labels.Count).Select(ClassAt).ToValueList();
    }

    /// <summary>The classes' names; figures of classes stand in this order.</summary>
    public ValueList<string> Labels { get; }

    /// <summary>The number of images with a known label.</summary>
    public int Images { get; }

    /// <summary>The number of images, of those with a known label, that have a score that is not finite.</summary>
    public int NotFinite { get; }

    /// <summary>The number of images whose label is none of <see cref="Labels"/>; they are in no other figure.</summary>
    public int UnknownLabels { get; }

    /// <summary>The figures of each class.</summary>
    public ValueList<ClassFigures> Classes { get; }

    /// <summary>The greatest k of <see cref="TopAccuracy"/>.</summary>
    public int Top => _within.Length;

    /// <summary>The share of images whose predicted class is right; 0 without images.</summary>
    public double Accuracy => Share(_within[0]);

    /// <summary>The mean recall of the classes that have images; 0 without images.</summary>
    public double BalancedAccuracy => Classes.Select(c => c.Recall).OfType<double>().DefaultIfEmpty(0).Average();

    /// <summary>The mean over the images of -ln(score of the right class), the score at least <see cref="LeastScore"/>; 0 without images.</summary>
    public double LogLoss => Images == 0 ? 0 : _loss / Images;

    private int Columns => Labels.Count + 1;

    /// <summary>The number of images of one class that were taken for another, or for itself.</summary>
    public int Confusion(int label, int predicted)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(predicted);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(predicted, Labels.Count);
        return _confusion[(label * Columns) + predicted];
    }

    /// <summary>The share of images whose right class is among the k with the greatest scores; of equal scores the first counts as greater.</summary>
    /// <param name="k">1 to <see cref="Top"/>.</param>
    public double TopAccuracy(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, Top);
        return Share(_within[k - 1]);
    }

    /// <summary>Computes the figures.</summary>
    /// <param name="labels">The classes' names.</param>
    /// <param name="truth">The index of each image's class; -1 when it is none of them.</param>
    /// <param name="scores">The scores of each image, one for each class.</param>
    /// <exception cref="ArgumentException">There is no class, or lengths do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The index of a class is not one.</exception>
    public static Figures Of(ValueList<string> labels, IReadOnlyList<int> truth, IReadOnlyList<ValueList<float>> scores)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(scores);
        if (labels.Count == 0) throw new ArgumentException("there is no class", nameof(labels));
        if (truth.Count != scores.Count) throw new ArgumentException($"{scores.Count} scores are given for {truth.Count} images", nameof(scores));
        var confusion = new int[labels.Count * (labels.Count + 1)];
        var within = new int[Math.Min(MaxTop, labels.Count)];
        double loss = 0;
        int unknown = 0;
        for (int i = 0; i < truth.Count; i++)
        {
            int label = truth[i];
            ArgumentOutOfRangeException.ThrowIfLessThan(label, -1, nameof(truth));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, labels.Count, nameof(truth));
            if (scores[i].Count != labels.Count) throw new ArgumentException($"image {i} has {scores[i].Count} scores, expected {labels.Count}", nameof(scores));
            if (label < 0)
            {
                unknown++;
                continue;
            }
            var row = scores[i].AsSpan();
            int predicted = Predicted(row);
            confusion[(label * (labels.Count + 1)) + (predicted < 0 ? labels.Count : predicted)]++;
            loss -= Math.Log(predicted < 0 ? LeastScore : Math.Max(row[label], LeastScore));
            for (int rank = predicted < 0 ? within.Length : Rank(row, label); rank < within.Length; rank++) within[rank]++;
        }
        return new Figures(labels, confusion, within, loss, unknown);
    }

    /// <summary>The figures of several sets of images as if they were one.</summary>
    /// <exception cref="ArgumentException">There is none, or their classes differ.</exception>
    public static Figures Pool(params IReadOnlyList<Figures> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0) throw new ArgumentException("there are no figures", nameof(parts));
        var labels = parts[0].Labels;
        if (parts.Any(p => p.Labels != labels)) throw new ArgumentException("the figures are of different classes", nameof(parts));
        var confusion = new int[parts[0]._confusion.Length];
        var within = new int[parts[0].Top];
        foreach (var part in parts)
        {
            for (int i = 0; i < confusion.Length; i++) confusion[i] += part._confusion[i];
            for (int i = 0; i < within.Length; i++) within[i] += part._within[i];
        }
        return new Figures(labels, confusion, within, parts.Sum(p => p._loss), parts.Sum(p => p.UnknownLabels));
    }

    /// <summary>The index of the greatest score, the first of several; -1 when one is not finite.</summary>
    internal static int Predicted(ReadOnlySpan<float> scores)
    {
        int best = 0;
        for (int c = 0; c < scores.Length; c++)
        {
            if (!float.IsFinite(scores[c])) return -1;
            if (scores[c] > scores[best]) best = c;
        }
        return best;
    }

    /// <summary>The figures as text for people.</summary>
    public override string ToString() => FiguresText.Of(this);

    private double Share(int count) => Images == 0 ? 0 : (double)count / Images;

    private ClassFigures ClassAt(int label)
    {
        int predicted = Enumerable.Range(0, Labels.Count).Sum(c => _confusion[(c * Columns) + label]);
        return new ClassFigures(Labels[label], _confusion.AsSpan(label * Columns, Columns).ToArray().Sum(), predicted, _confusion[(label * Columns) + label]);
    }

    // The number of classes that stand before this one when they are sorted by score.
    private static int Rank(ReadOnlySpan<float> scores, int label)
    {
        int before = 0;
        for (int c = 0; c < scores.Length; c++)
            if (scores[c] > scores[label] || (scores[c] == scores[label] && c < label)) before++;
        return before;
    }
}
