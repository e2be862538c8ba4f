using System.Text.Json;
using ConvTransfer.Graphs;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Tests.Pipelines;

public sealed class FiguresTests
{
    private static readonly ValueList<string> Labels = ["a", "b", "c", "d"];

    // Six images: a→a, a→b, b→b, b→b, c→a (a tie with b: the first wins), c without a finite score; none of class d; and one of a class that is not known.
    private static readonly int[] Truth = [0, 0, 1, 1, 2, 2, -1];

    private static readonly ValueList<float>[] Scores =
    [
        [0.5f, 0.25f, 0.125f, 0.125f],
        [0.25f, 0.5f, 0.25f, 0f],
        [0.125f, 0.75f, 0.125f, 0f],
        [0.25f, 0.5f, 0.125f, 0.125f],
        [0.5f, 0.5f, 0f, 0f],
        [0.5f, float.NaN, 0.25f, 0.25f],
        [1f, 0f, 0f, 0f],
    ];

    private static Figures Given => Figures.Of(Labels, Truth, Scores);

    [Fact]
    public void CountsAndSharesAreThoseComputedByHand()
    {
        var f = Given;
        Assert.Equal((6, 1, 1), (f.Images, f.NotFinite, f.UnknownLabels));
        Assert.Equal(3.0 / 6, f.Accuracy, 1e-15);
        // Recalls 1/2, 1 and 0; class d has no images and is left out.
        Assert.Equal(1.5 / 3, f.BalancedAccuracy, 1e-15);
        // Ranks from 0: 0, 1 (before c, which is equal), 0, 0, 2 (before d, which is equal), none.
        Assert.Equal([3.0 / 6, 4.0 / 6, 5.0 / 6, 5.0 / 6], Enumerable.Range(1, f.Top).Select(f.TopAccuracy));
        double loss = (-Math.Log(0.5) - Math.Log(0.25) - Math.Log(0.75) - Math.Log(0.5) - (2 * Math.Log(1e-15))) / 6;
        Assert.Equal(loss, f.LogLoss, 1e-12);
    }

    [Fact]
    public void ClassesHavePrecisionRecallAndF1()
    {
        var f = Given;
        Assert.Equal(new ClassFigures("a", 2, 2, 1), f.Classes[0]);
        Assert.Equal(new ClassFigures("b", 2, 3, 2), f.Classes[1]);
        Assert.Equal(new ClassFigures("c", 2, 0, 0), f.Classes[2]);
        Assert.Equal(new ClassFigures("d", 0, 0, 0), f.Classes[3]);
        Assert.Equal((0.5, 0.5, 0.5), (f.Classes[0].Precision, f.Classes[0].Recall, f.Classes[0].F1));
        Assert.Equal((2.0 / 3, 1.0, 0.8), (f.Classes[1].Precision!.Value, f.Classes[1].Recall!.Value, f.Classes[1].F1!.Value));
        Assert.Equal((null, 0.0, 0.0), (f.Classes[2].Precision, f.Classes[2].Recall, f.Classes[2].F1));
        Assert.Equal((null, null, null), (f.Classes[3].Precision, f.Classes[3].Recall, f.Classes[3].F1));
    }

    [Fact]
    public void TheConfusionMatrixHasTheRightClassInItsRows()
    {
        int[][] expected = [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]];
        var f = Given;
        for (int label = 0; label < 4; label++)
            for (int predicted = 0; predicted < 4; predicted++) Assert.Equal(expected[label][predicted], f.Confusion(label, predicted));
    }

    [Fact]
    public void WithoutImagesThereIsNoDivisionByZero()
    {
        var f = Figures.Of(Labels, [], []);
        Assert.Equal((0, 0.0, 0.0, 0.0, 0.0), (f.Images, f.Accuracy, f.BalancedAccuracy, f.LogLoss, f.TopAccuracy(2)));
        Assert.Contains("on 0 images", f.ToString());
    }

    [Fact]
    public void FoldsHaveMeanAndDeviationAndPoolIntoOne()
    {
        var folds = new FoldFigures([Figures.Of(Labels, Truth[..2], Scores[..2]), Figures.Of(Labels, Truth[2..4], Scores[2..4]), Figures.Of(Labels, Truth[4..], Scores[4..])]);
        // Accuracies 1/2, 1 and 0: mean 1/2, deviation sqrt((0 + 1/4 + 1/4) / 2).
        Assert.Equal(0.5, folds.Accuracy.Mean, 1e-15);
        Assert.Equal(0.5, folds.Accuracy.Deviation, 1e-15);
        Assert.Equal(FiguresJson.Of(Given), FiguresJson.Of(folds.All));
        Assert.Equal(new MeanAndDeviation(7, 0), MeanAndDeviation.Of([7.0]));
    }

    [Fact]
    public void JsonHoldsEveryFigureAndNullWhereNoneIsDefined()
    {
        using var json = JsonDocument.Parse(FiguresJson.Of(Given, indented: true));
        var root = json.RootElement;
        Assert.Equal(0.5, root.GetProperty("accuracy").GetDouble());
        Assert.Equal(4.0 / 6, root.GetProperty("top").GetProperty("2").GetDouble());
        Assert.Equal(1, root.GetProperty("unknownLabels").GetInt32());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("classes")[3].GetProperty("f1").ValueKind);
        Assert.Equal([1, 0, 0, 0], root.GetProperty("confusion")[2].EnumerateArray().Select(e => e.GetInt32()));
        using var folds = JsonDocument.Parse(FiguresJson.Of(new FoldFigures([Given, Given])));
        Assert.Equal(2, folds.RootElement.GetProperty("folds").GetProperty("count").GetInt32());
        Assert.Equal(12, folds.RootElement.GetProperty("images").GetInt32());
    }

    [Fact]
    public void TextIsTheSameInEveryCultureAndHoldsNoControlCharacters()
    {
        var f = Figures.Of(["a\u001b[31m", "b"], [0, 1], [[0.75f, 0.25f], [0.25f, 0.75f]]);
        Assert.DoesNotContain('\u001b', f.ToString());
        Assert.Contains("accuracy 100.0 % on 2 images", f.ToString());
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Assert.Throws<ArgumentException>(() => Figures.Of([], [], []));
        Assert.Throws<ArgumentException>(() => Figures.Of(Labels, [0], []));
        Assert.Throws<ArgumentException>(() => Figures.Of(Labels, [0], [[1f]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Figures.Of(Labels, [4], [[1f, 0, 0, 0]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Figures.Of(Labels, [-2], [[1f, 0, 0, 0]]));
        Assert.Throws<ArgumentException>(() => Figures.Pool());
        Assert.Throws<ArgumentException>(() => Figures.Pool(Given, Figures.Of(["a", "b"], [], [])));
        Assert.Throws<ArgumentOutOfRangeException>(() => Given.TopAccuracy(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Given.Confusion(0, 4));
    }
}
