using ConvTransfer.Core;
using ConvTransfer.Imaging;

namespace ConvTransfer.Tests.Imaging;

public sealed class ImageDatasetTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), $"convtransfer-images-{Guid.NewGuid():N}");

    public ImageDatasetTests() => Directory.CreateDirectory(_root);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Put(params string[] files)
    {
        foreach (string file in files)
        {
            string path = Path.Combine(_root, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "x");
        }
    }

    [Fact]
    public void ClassesAndFilesStandInOrdinalOrder()
    {
        Put("b/2.jpg", "b/10.jpg", "B/1.jpg", "a/x/z.png", "a/y.png", "10/1", "9/1", ".git/config", "a/.hidden", "a/Thumbs.db", "readme.txt");
        var set = ImageDataset.FromFolder(_root);
        Assert.Equal(["10", "9", "B", "a", "b"], set.Classes);
        Assert.Equal(["10/1", "9/1", "B/1.jpg", "a/x/z.png", "a/y.png", "b/10.jpg", "b/2.jpg"], set.Items.Select(i => Path.GetRelativePath(_root, i.Path).Replace('\\', '/')));
        Assert.Equal([0, 1, 2, 3, 3, 4, 4], set.Items.Select(i => i.Label));
        Assert.Equal([".git", ".hidden", "Thumbs.db", "readme.txt"], set.Ignored.Select(i => Path.GetFileName(i.Path)).Order(StringComparer.Ordinal));
        Assert.Contains("differ only in case", Assert.Single(set.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void AnEmptyClassIsLeftOutAndSaid()
    {
        Put("a/1", "b/1");
        Directory.CreateDirectory(Path.Combine(_root, "empty"));
        var set = ImageDataset.FromFolder(_root);
        Assert.Equal(["a", "b"], set.Classes);
        Assert.Contains("'empty'", Assert.Single(set.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void LinksAreFollowedInsideOnlyAndNeverInACircle()
    {
        if (OperatingSystem.IsWindows()) return;
        string outside = Path.Combine(Path.GetTempPath(), $"convtransfer-outside-{Guid.NewGuid():N}");
        Directory.CreateDirectory(outside);
        try
        {
            File.WriteAllText(Path.Combine(outside, "secret"), "x");
            Put("a/1", "b/1");
            Directory.CreateSymbolicLink(Path.Combine(_root, "a", "loop"), Path.Combine(_root, "a"));
            Directory.CreateSymbolicLink(Path.Combine(_root, "a", "out"), outside);
            File.CreateSymbolicLink(Path.Combine(_root, "a", "leak"), Path.Combine(outside, "secret"));
            File.CreateSymbolicLink(Path.Combine(_root, "b", "2"), Path.Combine(_root, "a", "1"));
            var set = ImageDataset.FromFolder(_root);
            Assert.Equal(["a/1", "b/1", "b/2"], set.Items.Select(i => Path.GetRelativePath(_root, i.Path)));
            Assert.Equal(3, set.Ignored.Count);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public void AFolderWithoutClassesIsRefused()
    {
        Assert.Throws<ConvTransferException>(() => ImageDataset.FromFolder(Path.Combine(_root, "missing")));
        Assert.Throws<ConvTransferException>(() => ImageDataset.FromFolder(_root));
        Put("lonely.jpg");
        Assert.Throws<ConvTransferException>(() => ImageDataset.FromFolder(_root));
        Put("one/1");
        Assert.Throws<ConvTransferException>(() => ImageDataset.FromFolder(_root).RequireTwoClasses());
    }

    private static ImageDataset Made(params int[] counts) => new(
        counts.Select((_, i) => $"c{i}"),
        counts.SelectMany((count, label) => Enumerable.Range(0, count).Select(i => new LabelledImage($"{label}/{i}", label))));

    [Theory]
    [InlineData(0.2, new[] { 40, 10, 3, 1 }, new[] { 8, 2, 1, 0 })]
    [InlineData(0.99, new[] { 4, 2 }, new[] { 3, 1 })]
    [InlineData(0.01, new[] { 4, 2 }, new[] { 1, 1 })]
    public void ASplitTakesItsPartOfEachClass(double fraction, int[] counts, int[] test)
    {
        var set = Made(counts);
        var split = set.Split(fraction, seed: 1);
        Assert.Equal(test, split.Test.CountByClass());
        Assert.Equal(set.Items, split.Train.Items.Concat(split.Test.Items).OrderBy(i => set.Items.ToList().IndexOf(i)));
        Assert.Equal(split.Test.Items, set.Split(fraction, seed: 1).Test.Items);
        Assert.Equal(set.Classes, split.Test.Classes);
    }

    [Fact]
    public void AnotherSeedSplitsAnotherWay() => Assert.NotEqual(Made(40).Split(0.5, 1).Test.Items, Made(40).Split(0.5, 2).Test.Items);

    [Theory]
    [InlineData(5, new[] { 40, 40, 40 })]
    [InlineData(3, new[] { 7, 2, 5 })]
    [InlineData(2, new[] { 1, 1 })]
    public void FoldsHoldEveryPictureOutOnce(int count, int[] classes)
    {
        var set = Made(classes);
        var folds = set.Folds(count, seed: 4);
        Assert.Equal(count, folds.Count);
        Assert.Equal(set.Items.Order(Comparer), folds.SelectMany(f => f.Test.Items).Order(Comparer));
        foreach (var fold in folds)
        {
            Assert.Equal(set.Count, fold.Train.Count + fold.Test.Count);
            Assert.Empty(fold.Train.Items.Intersect(fold.Test.Items));
            Assert.InRange(fold.Test.Count, set.Count / count, (set.Count + count - 1) / count);
            int[] byClass = fold.Test.CountByClass();
            for (int label = 0; label < classes.Length; label++) Assert.InRange(byClass[label], classes[label] / count, (classes[label] + count - 1) / count);
        }
    }

    private static Comparer<LabelledImage> Comparer { get; } = Comparer<LabelledImage>.Create((a, b) => string.CompareOrdinal(a.Path, b.Path));

    [Fact]
    public void WrongPartsAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Made(4).Split(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Made(4).Split(double.NaN, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Made(4).Folds(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Made(4).Folds(5, 1));
        Assert.Throws<ArgumentException>(() => new ImageDataset(["a"], [new LabelledImage("x", 1)]));
    }
}
