using System.Globalization;
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
    internal FineTunePipeline(FineTuneSetup setup) => Setup = setup;

    internal FineTuneSetup Setup { get; }

    /// <summary>Freezes what a rule names, beside what is frozen already.</summary>
    public FineTunePipeline Freeze(FreezeRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return new(Setup with { Rules = [.. Setup.Rules, rule] });
    }

    /// <summary>Sets what the new head is made of. Without this step it is <see cref="HeadDesign.Linear"/>.</summary>
    /// <param name="design">The head; null for a linear one.</param>
    /// <exception cref="ArgumentException">The design makes no sense.</exception>
    public FineTunePipeline ReplaceHead(HeadDesign? design = null)
    {
        design ??= HeadDesign.Linear;
        design.Check();
        return new(Setup with { Design = design });
    }

    /// <summary>Lets the new head start from one that is fitted to the features of the frozen network first: the training goes on from what that head says.</summary>
    public FineTunePipeline ReplaceHead(HeadTrainer start) => ReplaceHead(HeadDesign.Linear with { Start = start ?? throw new ArgumentNullException(nameof(start)) });

    /// <summary>Lets the new head start from one that there is already, for the same classes and features.</summary>
    public FineTunePipeline ReplaceHead(LinearHead start) => ReplaceHead(new GivenHead(start ?? throw new ArgumentNullException(nameof(start))));

    /// <summary>
    /// Puts a batch normalization behind each convolution that is trained and has none, for networks whose exporter folded it away: with the statistics of the pictures, so that the network says what it said.
    /// It is trained with the statistics of batches unless <see cref="FineTuneOptions.BatchNormalizationRules"/> say otherwise, and folded into the convolution again afterwards.
    /// </summary>
    public FineTunePipeline RestoreBatchNormalization() => new(Setup with { Restores = true });

    /// <summary>Sets how the network is trained.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public FineTunePipeline FineTune(FineTuneOptions how)
    {
        ArgumentNullException.ThrowIfNull(how);
        how.Check();
        return new(Setup with { How = how });
    }

    /// <summary>Sets how often each picture is seen, and leaves the rest as it is.</summary>
    public FineTunePipeline FineTune(int epochs) => FineTune(Setup.How with { Epochs = epochs });

    /// <summary>Trains the head alone at first: a new head that knows nothing does not pull at the network's layers. What <see cref="Freeze"/> leaves is trained from then on.</summary>
    /// <param name="epochs">For how many of the epochs; 0 for none.</param>
    public FineTunePipeline HeadFirst(int epochs = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epochs);
        return new(Setup with { HeadEpochs = epochs });
    }

    /// <summary>Sets how pictures are varied. The default is <see cref="PictureViews.Flips"/>.</summary>
    public FineTunePipeline Augment(PictureViews views)
    {
        ArgumentNullException.ThrowIfNull(views);
        return new(Setup with { Views = views });
    }

    /// <summary>Saves each training now and then, so that it can go on after the process was ended.</summary>
    public FineTunePipeline SaveCheckpoints(FineTuneCheckpoints where)
    {
        ArgumentNullException.ThrowIfNull(where);
        return new(Setup with { Saved = where });
    }

    /// <summary>What <see cref="Fit"/> would take, without reading a picture.</summary>
    /// <param name="images">The pictures to train on.</param>
    /// <param name="heldOut">Pictures to try the network on after every epoch, or null.</param>
    /// <exception cref="ConvTransferException">The parts do not fit each other.</exception>
    public FineTunePlan Plan(ImageDataset images, ImageDataset? heldOut = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var trainer = Setup.Checked(images);
        using var samples = Setup.Samples(trainer, images, null);
        var plan = Plan(trainer, samples, images, heldOut);
        plan.Require(Setup.Options.Limits, Setup.Truncated.File);
        return plan;
    }

    private FineTunePlan Plan(Trainer trainer, PhasedSamples samples, ImageDataset images, ImageDataset? heldOut)
    {
        // Phases of the same frontier share what is kept.
        var kept = trainer.Phases.Where(p => p.First is not null).DistinctBy(p => string.Join('\n', p.Frontier));
        long sample = kept.SelectMany(p => p.FrontierTypes).Sum(t => t.ToShape().ElementCount * sizeof(float)) / trainer.Plan.BatchSize;
        long views = ((long)images.Count * Setup.Views.Kept) + (heldOut?.Count ?? 0);
        return new FineTunePlan(trainer.Plan, images.Count)
        {
            FrozenMultiplyAdds = trainer.First is { } first ? NetworkReport.Of(first, Setup.Options.Limits).MultiplyAdds : 0,
            FrozenBytes = samples.NativeBytes() * (heldOut is null ? 1 : 2),
            KeptBytes = Setup.Views.CanBeKept ? sample * views : 0,
            CacheMemoryBytes = Setup.CacheMemoryBytes,
            CacheDiskBytes = Setup.Options.Cache?.DiskLimitBytes ?? 0,
            HeldOutBytes = heldOut is null ? 0 : trainer.Plan.HeldOutBytes,
            Foldable = Setup.Restores ? 0 : Setup.Normalizations().Foldable.Count,
            Scope = trainer.Scope,
        };
    }

    /// <summary>The features that the network as it is gives for pictures. Pictures that cannot be read are left out and named: what is done with the rest leaves out none.</summary>
    /// <param name="images">The pictures.</param>
    /// <param name="progress">Told after every picture, or null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ConvTransferException">The parts do not fit each other, before any picture is read; or too many pictures are bad.</exception>
    public FeatureTable Features(ImageDataset images, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var own = Setup.OwnCache();
        return Setup.Features(images, Setup.Options.Cache ?? own!, progress, cancellationToken);
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
        ArgumentNullException.ThrowIfNull(images);
        using var own = Setup.OwnCache();
        return Trained(images, heldOut is null ? null : HeldOutPictures.Aligned(heldOut, images), Setup.Options.Cache ?? own!, "all", progress, training, cancellationToken);
    }

    private FineTunedModel Trained(ImageDataset images, ImageDataset? heldOut, ActivationCache cache, string phase, IProgress<ProgressReport>? progress, IProgress<TrainingProgress>? training, CancellationToken cancellationToken)
    {
        var (before, head) = Setup.Prepared(images, cache, progress, cancellationToken);
        var tried = heldOut is null ? null : HeldOutPictures.Readable(heldOut, Setup.Options, progress, cancellationToken);
        using var trainer = Setup.Trainer(head, Math.Min(Setup.How.BatchSize, before.Count), Setup.Saved?.For(phase, Setup.Inputs(before.Images, tried, cancellationToken)));
        using var samples = Setup.Samples(trainer, before.Images, cache);
        using var held = tried is null ? null : Setup.Samples(trainer, tried, cache);
        Plan(trainer, samples, before.Images, tried).Require(Setup.Options.Limits, Setup.Truncated.File);
        var result = trainer.Run(samples.Phases, held?.Phases, training, cancellationToken);

        var (network, linear) = head.Folded(Setup.Normalizations().WithWeightsOf(result.Network), result.Network, images.Classes.ToValueList());
        return FineTunedModel.Of(network, Setup.Cut, Setup.Recipe, Setup.Options, linear, before, TensorFates.Of(Setup.Truncated, network, trainer, head.Weights), result);
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
        ArgumentNullException.ThrowIfNull(images);
        range ??= LearningRateFinderOptions.Default;
        range.Check();
        using var own = Setup.OwnCache();
        var (before, head) = Setup.Prepared(images, Setup.Options.Cache ?? own!, progress, cancellationToken);
        using var trainer = Setup.Trainer(head, Math.Min(Setup.How.BatchSize, before.Count));
        using var samples = Setup.Samples(trainer, before.Images, Setup.Options.Cache ?? own!);
        return trainer.FindLearningRate(samples.Phases[0], range, progress, cancellationToken);
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
        using var own = Setup.OwnCache();
        var readable = Setup.Features(images, Setup.Options.Cache ?? own!, progress, cancellationToken).Images;
        foreach (var split in readable.Folds(folds, Setup.Options.Seed))
        {
            figures.Add(Try(split, Setup.Options.Cache ?? own!, string.Create(CultureInfo.InvariantCulture, $"fold-{figures.Count + 1}-of-{folds}"), training, cancellationToken));
            progress?.Report(new ProgressReport("folds", figures.Count, folds, "folds", System.Diagnostics.Stopwatch.GetElapsedTime(start)));
        }
        return new FoldFigures(figures.ToValueList());
    }

    /// <summary>The figures of a network that is trained without a part of each class and tried on it.</summary>
    public Figures HoldOut(ImageDataset images, double testFraction, IProgress<TrainingProgress>? training = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var own = Setup.OwnCache();
        var readable = Setup.Features(images, Setup.Options.Cache ?? own!, null, cancellationToken).Images;
        return Try(readable.Split(testFraction, Setup.Options.Seed), Setup.Options.Cache ?? own!, "held-out", training, cancellationToken);
    }

    private Figures Try(ImageSplit split, ActivationCache cache, string phase, IProgress<TrainingProgress>? training, CancellationToken cancellationToken)
    {
        using var model = Trained(split.Train, null, cache, phase, null, training, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return model.Evaluate(split.Test, null, cancellationToken);
    }
}
