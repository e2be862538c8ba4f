using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Pipelines;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace ConvTransfer.Tests.MLNet;

public sealed class MlNetHeadTests
{
    private const int Width = 12;
    private static readonly ValueList<string> Labels = ["a", "b", "c"];

    /// <summary>Features like those behind rectifiers: many zeros, one feature of each class raised, one much larger, and one that is always 0 unless a spread is asked for.</summary>
    private static FeatureTable Table(int count = 60, bool spread = false, long seed = 3)
    {
        var random = new CounterRandom(seed);
        var rows = new float[count][];
        for (int i = 0; i < count; i++)
        {
            rows[i] = new float[Width];
            for (int k = 0; k < Width; k++) rows[i][k] = (float)(spread ? random.NextNormal() : Math.Max(0, random.NextNormal() + (k == i % 3 ? 1 : 0)));
            rows[i][Width - 2] *= 10;
            if (!spread) rows[i][Width - 1] = 0;
        }
        return new FeatureTable(new ImageDataset(Labels, rows.Select((_, i) => new LabelledImage($"{i}.png", i % 3))), Width, rows);
    }

    public static TheoryData<HeadAlgorithm, FeatureNormalization> Heads()
    {
        var heads = new TheoryData<HeadAlgorithm, FeatureNormalization>();
        foreach (var normalization in Enum.GetValues<FeatureNormalization>()) heads.Add(HeadAlgorithm.Lbfgs, normalization);
        // Seconds for each fit, whatever its size: the normalizers were seen above.
        heads.Add(HeadAlgorithm.Sdca, FeatureNormalization.MinMax);
        return heads;
    }

    /// <summary>ML.NET itself is the yardstick: its own scores of rows that the fit has not seen.</summary>
    [Theory]
    [MemberData(nameof(Heads))]
    public void TheHeadGivesTheScoresOfMlNet(HeadAlgorithm algorithm, FeatureNormalization normalization)
    {
        bool robust = normalization == FeatureNormalization.RobustScaling;
        var train = Table(spread: robust);
        var test = Table(spread: robust, seed: 4);
        var head = MlNetHeads.Of(new HeadOptions { Algorithm = algorithm, Normalization = normalization }).Fit(train, seed: 7);
        Assert.Equal(normalization == FeatureNormalization.None ? 0 : 1, head.Normalizers.Count);

        var context = new MLContext(new CounterRandom(7, purpose: 12).Next(int.MaxValue));
        // In the order of the product: each part that is made takes a number from the context's sequence.
        IEstimator<ITransformer>? normalizer = normalization switch
        {
            FeatureNormalization.MinMax => context.Transforms.NormalizeMinMax("Features", fixZero: false),
            FeatureNormalization.MeanVariance => context.Transforms.NormalizeMeanVariance("Features", fixZero: false, useCdf: false),
            FeatureNormalization.RobustScaling => context.Transforms.NormalizeRobustScaling("Features"),
            _ => null,
        };
        IEstimator<ITransformer> trainer = algorithm == HeadAlgorithm.Lbfgs
            ? context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options { L1Regularization = 0, L2Regularization = 1, NumberOfThreads = 1 })
            : context.MulticlassClassification.Trainers.SdcaMaximumEntropy(new SdcaMaximumEntropyMulticlassTrainer.Options { L1Regularization = 0, NumberOfThreads = 1 });
        var estimator = normalizer is null ? trainer : normalizer.Append(trainer);
        var fitted = estimator.Fit(context.Data.Cache(FeatureView.Of(context, train)));
        var expected = FeatureView.Scores(context, fitted, FeatureView.Of(context, test)).ToArray();
        Assert.Equal(test.Count, expected.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            var actual = test.Scores(head, i);
            for (int c = 0; c < Labels.Count; c++) Assert.Equal(expected[i][c], actual[c], 1e-4);
        }
    }

    /// <summary>Features that tell their class: every class must be found, the first and the last too.</summary>
    [Theory]
    [InlineData(HeadAlgorithm.Lbfgs)]
    [InlineData(HeadAlgorithm.Sdca)]
    public void EveryClassIsLearnt(HeadAlgorithm algorithm)
    {
        var rows = Enumerable.Range(0, 30).Select(i => new float[] { i % 3 == 0 ? 4 : 0, i % 3 == 1 ? 4 : 0, i % 3 == 2 ? 4 : 0, i / 30f }).ToArray();
        var table = new FeatureTable(new ImageDataset(Labels, rows.Select((_, i) => new LabelledImage($"{i}.png", i % 3))), 4, rows);
        var figures = table.Evaluate(MlNetHeads.Of(new HeadOptions { Algorithm = algorithm }).Fit(table, seed: 1));
        Assert.Equal(1, figures.Accuracy);
        Assert.All(figures.Classes, c => Assert.Equal(10, c.Correct));
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public void TheSameFitTwiceGivesTheSameBits(HeadAlgorithm algorithm, FeatureNormalization normalization)
    {
        var table = Table(spread: normalization == FeatureNormalization.RobustScaling);
        var trainer = MlNetHeads.Of(new HeadOptions { Algorithm = algorithm, Normalization = normalization });
        Assert.Equal(trainer.Fit(table, seed: 7), trainer.Fit(table, seed: 7));
    }

    [Fact]
    public void ScoresCarryTheNamesOfTheClasses()
    {
        var context = new MLContext(1);
        var view = FeatureView.Of(context, Table());
        var output = context.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(view).Transform(view);
        VBuffer<ReadOnlyMemory<char>> names = default;
        output.Schema["Score"].GetSlotNames(ref names);
        Assert.Equal(Labels, names.DenseValues().Select(n => n.ToString()));
        Assert.True(((VectorDataViewType)view.Schema["Features"].Type).IsKnownSize);
    }

    [Fact]
    public void OptionsOfTheUserWin()
    {
        // With L1 = 1, ML.NET's default, many weights are exactly 0.
        var sparse = MlNetHeads.Of(ml => ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy()).Fit(Table(), seed: 1);
        var dense = MlNetHeads.Of(new HeadOptions()).Fit(Table(), seed: 1);
        Assert.True(sparse.Weights.Count(w => w == 0) > dense.Weights.Count(w => w == 0));
    }

    [Fact]
    public void ChainsAndOtherColumnNamesAreFollowed()
    {
        var head = MlNetHeads.Of(ml => ml.Transforms.NormalizeMinMax("Scaled", "Features").Append(ml.Transforms.NormalizeMeanVariance("Centred", "Scaled", useCdf: false))
            .AppendCacheCheckpoint(ml).Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: "Centred"))).Fit(Table(), seed: 1);
        Assert.Equal(2, head.Normalizers.Count);
    }

    public static TheoryData<string, Func<MLContext, IEstimator<ITransformer>>> NotExportable => new()
    {
        { "NaiveBayesMulticlassModelParameters", ml => ml.MulticlassClassification.Trainers.NaiveBayes() },
        { "OneVersusAllModelParameters", ml => ml.MulticlassClassification.Trainers.OneVersusAll(ml.BinaryClassification.Trainers.AveragedPerceptron()) },
        { "LinearMulticlassModelParameters", ml => ml.MulticlassClassification.Trainers.SdcaNonCalibrated() },
        { "PrincipalComponentAnalysisTransformer", ml => ml.Transforms.ProjectToPrincipalComponents("Features", rank: 2).Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy()) },
        { "LpNormNormalizingTransformer", ml => ml.Transforms.NormalizeLpNorm("Features").Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy()) },
        { "CdfNormalizerModelParameters", ml => ml.Transforms.NormalizeMeanVariance("Features", useCdf: true).Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy()) },
        { "BinNormalizerModelParameters", ml => ml.Transforms.NormalizeBinning("Features").Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy()) },
        { "KeyToValueMappingTransformer", ml => ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")) },
        { "reads column 'Features'", ml => ml.Transforms.NormalizeMinMax("Scaled", "Features").Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy()) },
        { "no classifier", ml => ml.Transforms.NormalizeMinMax("Features") },
    };

    [Theory]
    [MemberData(nameof(NotExportable))]
    public void WhatHasNoOnnxFormIsRefusedByNameBeforeTheFit(string named, Func<MLContext, IEstimator<ITransformer>> estimator)
    {
        var e = Assert.Throws<ConvTransferException>(MlNetHeads.Of(estimator).Check);
        Assert.Equal(FailureCause.Unsupported, e.Cause);
        Assert.Contains(named, e.Message);
    }

    [Fact]
    public void AnEstimatorForOtherColumnsIsRefusedBeforeTheFit()
    {
        var e = Assert.Throws<ConvTransferException>(MlNetHeads.Of(ml => ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: "Pixels")).Check);
        Assert.Contains("Pixels", e.Message);
        Assert.Contains("LbfgsMaximumEntropyMulticlassTrainer", e.Message);
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public void EveryHeadByOptionsPassesTheCheck(HeadAlgorithm algorithm, FeatureNormalization normalization) =>
        MlNetHeads.Of(new HeadOptions { Algorithm = algorithm, Normalization = normalization }).Check();

    [Fact]
    public void BadFeaturesAndOptionsAreRefused()
    {
        Assert.Equal(FailureCause.DataInvalid, Assert.Throws<ConvTransferException>(() => MlNetHeads.Of(new HeadOptions { Normalization = FeatureNormalization.RobustScaling }).Fit(Table(), 1)).Cause);
        var table = Table();
        var images = table.Images;
        var (oneClass, _) = table.Take(new ImageSplit(new ImageDataset(images.Classes, images.Items.Where(i => i.Label == 0)), new ImageDataset(images.Classes, [])));
        Assert.Contains("class 'b' has no image", Assert.Throws<ConvTransferException>(() => MlNetHeads.Of(new HeadOptions()).Fit(oneClass, 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => MlNetHeads.Of(new HeadOptions { L1 = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => MlNetHeads.Of(new HeadOptions { L2 = float.NaN }));
        var e = Assert.Throws<ConvTransferException>(() => new FeatureTable(new ImageDataset(Labels, [new LabelledImage("x.png", 0)]), 2, [[0, float.NaN]]));
        Assert.Equal("x.png", e.File);
    }

    [Fact]
    public void ACancelledFitDoesNotBegin() =>
        Assert.Throws<OperationCanceledException>(() => MlNetHeads.Of(new HeadOptions()).Fit(Table(), 1, new CancellationToken(canceled: true)));
}
