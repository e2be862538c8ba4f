using ConvTransfer.Core;

namespace ConvTransfer.Imaging;

/// <summary>Labelled picture files. Immutable; nothing is decoded until someone asks.</summary>
public sealed class ImageDataset
{
    private const long SplitPurpose = 10;
    private const long FoldPurpose = 11;

    /// <summary>Creates a data set.</summary>
    /// <param name="classes">The names of the classes.</param>
    /// <param name="items">The pictures, in the order in which they are used.</param>
    /// <exception cref="ArgumentException">A label is no index of a class.</exception>
    public ImageDataset(IEnumerable<string> classes, IEnumerable<LabelledImage> items)
    {
        Classes = [.. classes];
        Items = [.. items];
        foreach (var item in Items)
            if (item.Label < 0 || item.Label >= Classes.Count) throw new ArgumentException($"label {item.Label} of '{DisplayText.Escape(item.Path)}' is none of {Classes.Count} classes", nameof(items));
    }

    /// <summary>The names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The pictures.</summary>
    public IReadOnlyList<LabelledImage> Items { get; }

    /// <summary>The number of pictures.</summary>
    public int Count => Items.Count;

    /// <summary>Files beside the pictures, such as hidden ones, and links that lead out of the folder.</summary>
    public IReadOnlyList<IgnoredFile> Ignored { get; init; } = [];

    /// <summary>What a person should know about the folder, one sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The pictures of a folder that holds a folder for each class.</summary>
    /// <remarks>
    /// Classes stand in the ordinal order of their names, files in that of their paths. Folders within a class belong to it. Every file counts as a
    /// picture but hidden ones and what file managers leave; whether it is one shows when it is decoded.
    /// </remarks>
    /// <exception cref="ConvTransferException">There is no such folder, it has no class folder, or no class has a file.</exception>
    public static ImageDataset FromFolder(string path) => FolderScan.Read(path);

    /// <summary>The number of pictures of each class.</summary>
    public int[] CountByClass()
    {
        int[] counts = new int[Classes.Count];
        foreach (var item in Items) counts[item.Label]++;
        return counts;
    }

    /// <summary>Refuses a data set from which no classifier can be learnt.</summary>
    /// <exception cref="ConvTransferException">Fewer than two classes have pictures.</exception>
    public void RequireTwoClasses(string? file = null)
    {
        int filled = CountByClass().Count(c => c > 0);
        if (filled < 2) throw new ConvTransferException(FailureCause.DataInvalid, $"pictures of {filled} class{(filled == 1 ? "" : "es")} were found; a classifier needs at least two, a folder for each", file);
    }

    /// <summary>Holds a part of each class out.</summary>
    /// <param name="testFraction">The part, above 0 and below 1. Each class gives this part of its pictures, rounded to the nearest number, but at least one and not all; a class of one picture gives none.</param>
    /// <param name="seed">The seed. The same pictures and seed give the same parts on every machine.</param>
    public ImageSplit Split(double testFraction, long seed)
    {
        if (!(testFraction > 0 && testFraction < 1)) throw new ArgumentOutOfRangeException(nameof(testFraction), testFraction, "the part held out lies between 0 and 1");
        bool[] held = new bool[Count];
        for (int label = 0; label < Classes.Count; label++)
        {
            int[] members = Shuffled(label, seed, SplitPurpose);
            int wanted = (int)Math.Round(members.Length * testFraction, MidpointRounding.AwayFromZero);
            int count = members.Length < 2 ? 0 : Math.Clamp(wanted, 1, members.Length - 1);
            foreach (int index in members.AsSpan(0, count)) held[index] = true;
        }
        return Parts(i => held[i]);
    }

    /// <summary>Divides the pictures into equal parts, each class evenly over them, and gives for each part the split that holds it out.</summary>
    /// <param name="count">The number of parts, 2 to the number of pictures.</param>
    /// <param name="seed">The seed. The same pictures and seed give the same parts on every machine.</param>
    public IReadOnlyList<ImageSplit> Folds(int count, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        int[] fold = new int[Count];
        int next = 0;
        // Dealt out in turn, on from where the class before stopped, so that the parts stay of one size.
        for (int label = 0; label < Classes.Count; label++)
            foreach (int index in Shuffled(label, seed, FoldPurpose)) fold[index] = next++ % count;
        return [.. Enumerable.Range(0, count).Select(f => Parts(i => fold[i] == f))];
    }

    private int[] Shuffled(int label, long seed, long purpose)
    {
        int[] members = [.. Enumerable.Range(0, Count).Where(i => Items[i].Label == label)];
        new CounterRandom(seed, sample: label, purpose: purpose).Shuffle<int>(members);
        return members;
    }

    private ImageSplit Parts(Func<int, bool> isTest) => new(
        new ImageDataset(Classes, Items.Where((_, i) => !isTest(i))),
        new ImageDataset(Classes, Items.Where((_, i) => isTest(i))));
}
