using System.Diagnostics;
using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Pipelines;
using ConvTransfer.Training;

namespace ConvTransfer.Cli.Demo;

/// <summary>What the demonstration found.</summary>
/// <param name="Network">What is said about the network.</param>
/// <param name="Train">The number of pictures that the head was trained on.</param>
/// <param name="Figures">The figures on the pictures held out.</param>
/// <param name="Tuned">The figures of the same network after fine-tuning, on the same pictures.</param>
/// <param name="Checked">The number of pictures held out that the written file, loaded anew, was asked about.</param>
/// <param name="Agreeing">The number of those on which it said what the pipeline said.</param>
internal sealed record ShapeDemoResult(string Network, int Train, Figures Figures, Figures Tuned, int Checked, int Agreeing);

/// <summary>The main job on pictures that are drawn for it: pictures, features, head, figures, one file, and the file's answers.</summary>
internal static class ShapeDemo
{
    /// <summary>The number of pictures of each class.</summary>
    public const int ImagesPerClass = 200;

    /// <summary>How often the fine-tuning sees each picture.</summary>
    public const int Epochs = 8;

    private const int Size = 64;

    // The last block, its shortcut, and the convolution behind it.
    private const int Trained = 4;
    private const string Network = "the built-in one, trained on 200 classes of Tiny ImageNet; drawn shapes are new to it";

    /// <summary>Runs the demonstration.</summary>
    /// <param name="images">The folder for the pictures; it is made, and what an earlier run drew there is drawn over.</param>
    /// <param name="model">The file to write.</param>
    /// <param name="options">How to work; its seed makes pictures, network and split.</param>
    /// <param name="progress">Told how far it is, or null.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static ShapeDemoResult Run(string images, string model, PipelineOptions options, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        Draw(images, options.Seed, progress, cancellationToken);
        var split = ImageDataset.FromFolder(images).Split(testFraction: 0.25, options.Seed);
        var pipeline = TransferPipeline.FromPretrained().Preprocess(PretrainedNetwork.Recipe with { Resize = new ResizeRule.Exact(PixelSize.Square(Size)), Crop = null }).WithoutHead().Classify(new HeadOptions()).With(options);
        using var fitted = pipeline.Fit(split.Train, progress, cancellationToken);
        var test = pipeline.Features(split.Test, progress, cancellationToken);
        var figures = test.Evaluate(fitted.Head);
        fitted.SaveOnnx(model, FiguresJson.Of(figures), cancellationToken);

        using var served = TransferModel.Load(model, options.Threads, options.Limits);
        var predictions = served.PredictBatch([.. split.Test.Items.Select(i => i.Path)], progress, cancellationToken);
        int agreeing = Enumerable.Range(0, test.Count).Count(i => predictions[i].Label == test.Predict(fitted.Head, i).Label);
        var tuned = FineTuned(pipeline, split, progress, cancellationToken);
        return new ShapeDemoResult(Network, split.Train.Count, figures, tuned, test.Count, agreeing);
    }

    private static Figures FineTuned(TransferPipeline pipeline, ImageSplit split, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        using var model = pipeline.Freeze(FreezeRule.AllButLast(Trained)).FineTune(FineTuneOptions.Default with { Epochs = Epochs, BodyRate = 1e-3 }).Fit(split.Train, null, progress, new TrainingReporter(progress, _ => { }), cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return model.Evaluate(split.Test, progress, cancellationToken);
    }

    private static void Draw(string folder, long seed, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        int classes = ShapePictures.Classes.Count, total = ImagesPerClass * classes;
        foreach (string name in ShapePictures.Classes) Directory.CreateDirectory(Path.Combine(folder, name));
        for (int number = 0; number < total; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int shape = number % classes;
            using var picture = ShapePictures.Draw(seed, number, shape);
            PngWriter.Write(picture, Path.Combine(folder, ShapePictures.Classes[shape], $"{number / classes:000}.png"));
            progress?.Report(new ProgressReport("pictures", number + 1, total, "pictures", Stopwatch.GetElapsedTime(start)));
        }
    }
}
