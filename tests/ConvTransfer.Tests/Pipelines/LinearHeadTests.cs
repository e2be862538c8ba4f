using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Tests.Pipelines;

public sealed class LinearHeadTests
{
    private static LinearHead Head(params AffineNormalizer[] normalizers) => new(["a", "b", "c"], 2, [1, 2, -1, 0.5f, 0, 3], [0.25f, -0.5f, 1], [.. normalizers]);

    private static float[] Scores(LinearHead head, params float[] features)
    {
        var scores = new float[head.Labels.Count];
        head.Scores(features, scores);
        return scores;
    }

    [Fact]
    public void ScoresAreTheSoftmaxOfTheLinearForm()
    {
        // z = (1·2 + 2·(-1) + 0.25, -1·2 + 0.5·(-1) - 0.5, 0·2 + 3·(-1) + 1) = (0.25, -3, -2), by hand.
        double sum = Math.Exp(0.25) + Math.Exp(-3) + Math.Exp(-2);
        float[] expected = [(float)(Math.Exp(0.25) / sum), (float)(Math.Exp(-3) / sum), (float)(Math.Exp(-2) / sum)];
        float[] actual = Scores(Head(), 2, -1);
        for (int i = 0; i < 3; i++) Assert.Equal(expected[i], actual[i], 1e-7);
    }

    [Fact]
    public void NormalizersAreAppliedInOrder()
    {
        // ((5 - 1)·0.5, 3·2) = (2, 6), then ((2 - 0)·1, (6 - 7)·1) = (2, -1).
        var head = Head(new AffineNormalizer(null, [0.5f, 2f]), new AffineNormalizer([0.5f, 7f], [1f, 1f]));
        Assert.Equal(Scores(Head(), 2, -1), Scores(head, 5, 3));
        var other = Head(new AffineNormalizer([1f, 0f], [0.5f, 2f]), new AffineNormalizer([0f, 7f], [1f, 1f]));
        Assert.Equal(Scores(Head(), 2, -1), Scores(other, 5, 3));
    }

    [Fact]
    public void LargeScoresDoNotOverflow() => Assert.Equal([1f, 0f, 0f], Scores(Head(), 1e6f, 0f));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void WhatIsNotFiniteStaysVisible(float feature) => Assert.Contains(Scores(Head(), feature, 1), s => !float.IsFinite(s));

    [Fact]
    public void HeadsAreComparedByContent()
    {
        Assert.Equal(Head(new AffineNormalizer(null, [1, 2])), Head(new AffineNormalizer(null, [1, 2])));
        Assert.NotEqual(Head(new AffineNormalizer(null, [1, 2])), Head(new AffineNormalizer([0, 0], [1, 2])));
    }

    [Fact]
    public void WrongLengthsAreRefused()
    {
        Assert.Throws<ArgumentException>(() => new LinearHead(["a", "b"], 2, [1, 2, 3], [0, 0]));
        Assert.Throws<ArgumentException>(() => new LinearHead(["a", "b"], 2, [1, 2, 3, 4], [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearHead(["a", "b"], 0, [], [0, 0]));
        Assert.Throws<ArgumentException>(() => Head(new AffineNormalizer(null, [1, 2, 3])));
        Assert.Throws<ArgumentException>(() => new AffineNormalizer([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => new AffineNormalizer(null, []));
        Assert.Throws<ArgumentException>(() => Scores(Head(), 1));
        Assert.Throws<ArgumentException>(() => Head().Scores([1, 2], new float[2]));
    }

    public static TheoryData<string[]> BadLabels => new(["a"], ["a", ""], ["b", "a"], ["a", "a"], ["a", "B"]);

    [Theory]
    [MemberData(nameof(BadLabels))]
    public void ClassesMustBeDistinctAndInOrdinalOrder(string[] labels) =>
        Assert.Throws<ArgumentException>(() => new LinearHead([.. labels], 1, [.. new float[labels.Length]], [.. new float[labels.Length]]));

    [Fact]
    public void NumbersMustBeFinite()
    {
        foreach (float bad in new[] { float.NaN, float.NegativeInfinity })
        {
            Assert.Equal(FailureCause.DataInvalid, Assert.Throws<ConvTransferException>(() => new LinearHead(["a", "b"], 1, [1, bad], [0, 0])).Cause);
            Assert.Equal(FailureCause.DataInvalid, Assert.Throws<ConvTransferException>(() => new LinearHead(["a", "b"], 1, [1, 1], [bad, 0])).Cause);
            Assert.Equal(FailureCause.DataInvalid, Assert.Throws<ConvTransferException>(() => new AffineNormalizer(null, [bad])).Cause);
            Assert.Equal(FailureCause.DataInvalid, Assert.Throws<ConvTransferException>(() => new AffineNormalizer([bad], [1])).Cause);
        }
    }
}
