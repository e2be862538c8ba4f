using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Training;
using Microsoft.Extensions.Logging;

namespace ConvTransfer.Pipelines;

/// <summary>The way from pictures to a fine-tuned network: frozen up to a point, a new head, and how it is trained. Immutable: each step gives a new pipeline.</summary>
/// <example><code>
/// var pipeline = TransferPipeline.FromOnnx("squeezenet.onnx")
///     .Preprocess(InputRecipe.Caffe(size: 224, resize: 256))
///     .TruncateAt("fire9/concat_1", pool: Pooling.GlobalAverage)
///     .FreezeUntil("fire5/concat_1")
///     .FineTune(new FineTuneOptions { Epochs = 15 });
/// using var model = pipeline.Fit(images.Train);
/// Console.WriteLine(model.Evaluate(images.Test));
/// model.SaveOnnx("flowers.onnx");
/// </code></example>
public sealed class FineTunePipeline
{
    private readonly Model _truncated;
    private readonly string? _cut;
    private readonly InputRecipe _recipe;
    private readonly PipelineOptions _options;
    private readonly ValueList<FreezeRule> _freeze;
    private readonly FineTuneOptions _how;
    private readonly PictureViews _views;

    internal FineTunePipeline(Model truncated, string? cut, InputRecipe recipe, PipelineOptions options, ValueList<FreezeRule> freeze, FineTuneOptions how, PictureViews? views = null)
    {
        _truncated = truncated;
        _cut = cut;
        _recipe = recipe;
        _options = options;
        _freeze = freeze;
        _how = how;
        _views = views ?? PictureViews.Flips;
    }

    /// <summary>Freezes what a rule names, beside what is frozen already.</summary>
    public FineTunePipeline Freeze(FreezeRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return new(_truncated, _cut, _recipe, _options, [.. _freeze, rule], _how, _views);
    }

    /// <summary>Sets how the network is trained.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public FineTunePipeline FineTune(FineTuneOptions how)
    {
        ArgumentNullException.ThrowIfNull(how);
        how.Check();
        return new(_truncated, _cut, _recipe, _options, _freeze, how, _views);
    }

    /// <summary>Sets how often each picture is seen, and leaves the rest as it is.</summary>
    public FineTunePipeline FineTune(int epochs) => FineTune(_how with { Epochs = epochs });

    /// <summary>Sets how pictures are varied. The default is <see cref="PictureViews.Flips"/>.</summary>
    public FineTunePipeline Augment(PictureViews views)
    {
        ArgumentNullException.ThrowIfNull(views);
        return new(_truncated, _cut, _recipe, _options, _freeze, _how, views);
    }

    /// <summary>Trains on pictures.</summary>
    /// <param name="images">The pictures to train on.</param>
    /// <param name="heldOut">Pictures to try the network on after every epoch, or null. With <see cref="FineTuneOptions.Patience"/> they decide when to stop.</param>
    /// <param name="progress">Told of reading and computing features, or null.</param>
    /// <param name="training">Told after every batch, or null.</param>
    /// <param name="cancellationToken">While training: ends it with the best weights so far. Before: stops.</param>
    /// <returns>The fine-tuned network; the caller disposes it.</returns>
    /// <exception cref="ConvTransferException">The parts do not fit each other, before any picture is read; too many pictures are bad; or a number is no longer finite.</exception>
    public FineTunedModel Fit(ImageDataset images, ImageDataset? heldOut = null, IProgress<ProgressReport>? progress = null, IProgress<TrainingProgress>? training = null, CancellationToken cancellationToken = default)
    {
        using var own = OwnCache();
        return Fit(images, heldOut, _options.Cache ?? own!, progress, training, cancellationToken);
    }

    private FineTunedModel Fit(ImageDataset images, ImageDataset? heldOut, ActivationCache cache, IProgress<ProgressReport>? progress, IProgress<TrainingProgress>? training, CancellationToken cancellationToken)
    {
        var (before, head) = Prepared(images, progress, cancellationToken);
        using var trainer = Trainer(head, Math.Min(_how.BatchSize, before.Count));
        using var samples = Samples(trainer, before.Images, cache);
        using var held = heldOut is null ? null : Samples(trainer, Aligned(heldOut, images), cache);
        var result = trainer.Run(samples, held, training, cancellationToken);

        var network = _truncated with { Graph = _truncated.Graph.ReplaceInitializers([.. Changed(result.Network)]) };
        return FineTunedModel.Of(network, _cut, _recipe, _options, head.Folded(result.Network, images.Classes.ToValueList()), before, trainer.TrainedWeights.Except(head.Weights).ToValueList(), _truncated, result);
    }

    /// <summary>Looks for a learning rate: trains on a few batches while all rates rise together. Nothing is kept of it.</summary>
    /// <param name="images">The pictures to train on.</param>
    /// <param name="range">The range of rates and the number of steps; null for <see cref="LearningRateFinderOptions.Default"/>.</param>
    /// <param name="progress">Told of computing features, and of the steps; or null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The curve; <see cref="LearningRateCurve.WithRate"/> gives the options with a rate of it.</returns>
    /// <exception cref="ArgumentException">Every rate of the options is 0, or the range makes no sense.</exception>
    /// <exception cref="ConvTransferException">The parts do not fit each other, before any picture is read; or too many pictures are bad.</exception>
    public LearningRateCurve FindLearningRate(ImageDataset images, LearningRateFinderOptions? range = null, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        range ??= LearningRateFinderOptions.Default;
        range.Check();
        using var own = OwnCache();
        var (before, head) = Prepared(images, progress, cancellationToken);
        using var trainer = Trainer(head, Math.Min(_how.BatchSize, before.Count));
        using var samples = Samples(trainer, before.Images, _options.Cache ?? own!);
        return trainer.FindLearningRate(samples, range, progress, cancellationToken);
    }

    /// <summary>The figures of networks that are each trained without one part of the pictures and tried on it.</summary>
    /// <param name="images">All pictures.</param>
    /// <param name="folds">The number of parts, at least 2.</param>
    /// <param name="progress">Told of the folds, or null.</param>
    /// <param name="training">Told after every batch, or null.</param>
    /// <param name="cancellationToken">Stops.</param>
    public FoldFigures CrossValidate(ImageDataset images, int folds, IProgress<ProgressReport>? progress = null, IProgress<TrainingProgress>? training = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        var figures = new List<Figures>();
        using var own = OwnCache();
        foreach (var split in images.Folds(folds, _options.Seed))
        {
            figures.Add(Try(split, _options.Cache ?? own!, training, cancellationToken));
            progress?.Report(new ProgressReport("folds", figures.Count, folds, "folds", System.Diagnostics.Stopwatch.GetElapsedTime(start)));
        }
        return new FoldFigures(figures.ToValueList());
    }

    /// <summary>The figures of a network that is trained without a part of each class and tried on it.</summary>
    public Figures HoldOut(ImageDataset images, double testFraction, IProgress<TrainingProgress>? training = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var own = OwnCache();
        return Try(images.Split(testFraction, _options.Seed), _options.Cache ?? own!, training, cancellationToken);
    }

    // What comes before every training: all that can be refused is, then the features are computed, and the head is put behind the network.
    private (FeatureTable Before, NewHead Head) Prepared(ImageDataset images, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(images);
        images.RequireTwoClasses();
        if (_recipe.FixedSize is null) throw new ConvTransferException(FailureCause.DataInvalid, "a network is trained in batches, so its pictures must be of one size; give the recipe an exact size or a crop");
        var labels = images.Classes.ToValueList();
        int width = FeatureNetwork.Of(_truncated, _recipe, _options.Limits).Width;
        OneFileModel.Build(_truncated, _recipe, new LinearHead(labels, width, new float[labels.Count * width].ToValueList(), new float[labels.Count].ToValueList()), []);
        // Planned once with a head of zeros, so that what cannot be trained is refused before any picture is read.
        Trainer(NewHead.Behind(_truncated, labels.Count, width, null), Math.Min(_how.BatchSize, images.Count)).Dispose();
        foreach (string warning in images.Warnings) _options.Logger.LogWarning("{Warning}", warning);

        // The features serve three times: they name the pictures that cannot be read, scale the head's input, and are what the frozen network knew.
        FeatureTable before;
        using (var extractor = new FeatureExtractor(_truncated, _recipe, _options)) before = extractor.Extract(images, progress, cancellationToken);
        return (before, NewHead.Behind(_truncated, labels.Count, width, before));
    }

    private Figures Try(ImageSplit split, ActivationCache cache, IProgress<TrainingProgress>? training, CancellationToken cancellationToken)
    {
        using var model = Fit(split.Train, null, cache, null, training, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return model.Evaluate(split.Test, null, cancellationToken);
    }

    private Trainer Trainer(NewHead head, int batch) =>
        new(head.Network, [.. _freeze], _how with { BatchSize = batch }, new TrainerOptions { Seed = _options.Seed, Threads = _options.Threads, Limits = _options.Limits, HeadWeights = head.Weights });

    private PictureSamples Samples(Trainer trainer, ImageDataset images, ActivationCache cache) => new(images, _recipe, _views, trainer, cache, _options);

    // Where the caller gives no cache, what the frozen part gives is kept in memory while the work runs.
    private ActivationCache? OwnCache() => _options.Cache is null ? new ActivationCache(_options.Limits.MemoryBytes / 4) : null;

    private IEnumerable<TensorData> Changed(Model trained)
    {
        var own = _truncated.Graph.Initializers.Select(t => t.Name).ToHashSet();
        return trained.Graph.Initializers.Where(t => own.Contains(t.Name));
    }

    // Held-out pictures with the class numbers of those that are trained on.
    private static ImageDataset Aligned(ImageDataset heldOut, ImageDataset images)
    {
        var known = images.Classes.ToValueList();
        int[] number = [.. heldOut.Classes.Select(known.IndexOf)];
        return new ImageDataset(images.Classes, heldOut.Items.Where(i => number[i.Label] >= 0).Select(i => i with { Label = number[i.Label] }));
    }
}
