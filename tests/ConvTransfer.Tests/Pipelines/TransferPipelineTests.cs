using ConvTransfer.Cli.Demo;
using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using Microsoft.ML;

namespace ConvTransfer.Tests.Pipelines;

public sealed class TransferPipelineTests
{
    // Files that are not there: whoever reads a picture fails with another cause than the checks do.
    private static readonly ImageDataset Unreadable = new(["a", "b"], Enumerable.Range(0, 4).Select(i => new LabelledImage($"/nowhere/{i}.png", i % 2)));

    private static readonly InputRecipe Recipe = new() { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 };

    private static Model Network()
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Convolution(net.Input("pixels", 3, 24, 24), filters: 16, kernel: 5, stride: 2);
        return net.Build(net.Dense(net.Flatten(net.GlobalMaxPool(x)), units: 3));
    }

    private static TransferPipeline Pipeline(Func<MLContext, IEstimator<ITransformer>>? estimator = null)
    {
        var pipeline = TransferPipeline.FromModel(Network()).Preprocess(Recipe).TruncateAt("conv1.out", Pooling.GlobalAverage);
        return estimator is null ? pipeline.Classify() : pipeline.Classify(estimator);
    }

    [Fact]
    public void StepsLeaveTheEarlierPipelineAsItWas()
    {
        using var folder = new PictureFolder(perClass: 1);
        var bare = TransferPipeline.FromModel(Network()).Preprocess(Recipe);
        var cut = bare.TruncateAt("conv1.out", Pooling.GlobalAverage);
        Assert.Equal(3, bare.Features(folder.Images).Width);
        Assert.Equal(16, cut.Features(folder.Images).Width);
        Assert.Equal(16 * 10 * 10, bare.TruncateAt("conv1.out").Features(folder.Images).Width);
        Assert.Throws<InvalidOperationException>(() => bare.Fit(folder.Images));
        Assert.Throws<InvalidOperationException>(() => TransferPipeline.FromModel(Network()).Features(folder.Images));
    }

    [Fact]
    public void ATrainerWithoutOnnxFormIsRefusedBeforeAnyPictureIsRead()
    {
        var e = Assert.Throws<ConvTransferException>(() => Pipeline(ml => ml.MulticlassClassification.Trainers.NaiveBayes()).Fit(Unreadable));
        Assert.Equal(FailureCause.Unsupported, e.Cause);
        Assert.Contains("NaiveBayes", e.Message);
    }

    [Fact]
    public void WhatTheFileCouldNotHoldIsRefusedBeforeAnyPictureIsRead()
    {
        var e = Assert.Throws<ConvTransferException>(() => Pipeline().Preprocess(Recipe with { Resize = null, Crop = PixelSize.Square(24) }).Fit(Unreadable));
        Assert.Equal(FailureCause.Unsupported, e.Cause);
        Assert.Contains("crops without a resize", e.Message);
        Assert.Throws<ConvTransferException>(() => Pipeline().Fit(new ImageDataset(["a", "b"], [new LabelledImage("/nowhere/0.png", 0)])));
        Assert.Throws<ArgumentException>(() => Pipeline().Fit(new ImageDataset(["b", "a"], Unreadable.Items)));
        // The pictures themselves come last.
        Assert.Contains("/nowhere/0.png", Assert.Throws<ConvTransferException>(() => Pipeline().Fit(Unreadable)).Message);
    }

    [Fact]
    public void AWrongCutIsAWrongArgument()
    {
        Assert.Throws<ArgumentException>(() => TransferPipeline.FromModel(Network()).TruncateAt("nothing"));
        Assert.Throws<ArgumentException>(() => TransferPipeline.FromModel(Network()).TruncateAt("flatten3.out", Pooling.GlobalAverage));
    }

    [Fact]
    public void FoldsAndHoldOutUseTheFeaturesOnce()
    {
        using var folder = new PictureFolder(perClass: 5, classes: 2);
        var pipeline = Pipeline().With(new PipelineOptions { Seed = 3 });
        var features = pipeline.Features(folder.Images);
        var folds = pipeline.CrossValidate(features, 5);
        Assert.Equal(5, folds.Folds.Count);
        Assert.All(folds.Folds, f => Assert.Equal(2, f.Images));
        Assert.Equal(10, folds.All.Images);
        Assert.Equal(FiguresJson.Of(folds), FiguresJson.Of(pipeline.CrossValidate(features, 5)));
        Assert.NotEqual(FiguresJson.Of(folds), FiguresJson.Of(pipeline.With(new PipelineOptions { Seed = 4 }).CrossValidate(features, 5)));
        Assert.Equal(2, pipeline.HoldOut(features, 0.2).Images);

        // Each fold by hand: fitted without its pictures, tried on them.
        var split = folder.Images.Folds(5, 3)[0];
        var head = MlNetHeads.Of(new HeadOptions()).Fit(pipeline.Features(split.Train), 3);
        Assert.Equal(FiguresJson.Of(pipeline.Features(split.Test).Evaluate(head)), FiguresJson.Of(folds.Folds[0]));
    }

    [Fact]
    public void LabelsThatTheHeadDoesNotKnowAreCountedApart()
    {
        using var folder = new PictureFolder(perClass: 4, classes: 3);
        var images = folder.Images;
        var two = new ImageDataset(["circle", "square"], images.Items.Where(i => i.Label < 2));
        using var fitted = Pipeline().Fit(two);
        var figures = fitted.Evaluate(images);
        Assert.Equal((8, 4), (figures.Images, figures.UnknownLabels));
        Assert.Equal(["circle", "square"], figures.Labels);
    }

    [Fact]
    public void DrawnPicturesAreAFunctionOfTheSeed()
    {
        using var one = ShapePictures.Draw(1, 7, 2);
        using var same = ShapePictures.Draw(1, 7, 2);
        using var other = ShapePictures.Draw(2, 7, 2);
        Assert.Equal(one.AsSpan<byte>().ToArray(), same.AsSpan<byte>().ToArray());
        Assert.NotEqual(one.AsSpan<byte>().ToArray(), other.AsSpan<byte>().ToArray());
    }
}
