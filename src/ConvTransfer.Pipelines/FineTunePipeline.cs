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
    private readonly Model _truncated;
    private readonly string? _cut;
    private readonly InputRecipe _recipe;
    private readonly PipelineOptions _options;

    internal FineTunePipeline(Model truncated, string? cut, InputRecipe recipe, PipelineOptions options)
    {
        _truncated = truncated;
        _cut = cut;
        _recipe = recipe;
        _options = options;
    }

    private FineTunePipeline(FineTunePipeline other)
        : this(other._truncated, other._cut, other._recipe, other._options) => (Rules, How, Views, Saved, Design, Restores) = (other.Rules, other.How, other.Views, other.Saved, other.Design, other.Restores);

    private ValueList<FreezeRule> Rules { get; init; } = [];

    private FineTuneOptions How { get; init; } = FineTuneOptions.Default;

    private PictureViews Views { get; init; } = PictureViews.Flips;

    private FineTuneCheckpoints? Saved { get; init; }

    private HeadDesign Design { get; init; } = HeadDesign.Linear;

    private bool Restores { get; init; }

    /// <summary>Freezes what a rule names, beside what is frozen already.</summary>
    public FineTunePipeline Freeze(FreezeRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return new(this) { Rules = [.. Rules, rule] };
    }

    /// <summary>Sets what the new head is made of. Without this step it is <see cref="HeadDesign.Linear"/>.</summary>
    /// <param name="design">The head; null for a linear one.</param>
    /// <exception cref="ArgumentException">The design makes no sense.</exception>
    public FineTunePipeline ReplaceHead(HeadDesign? design = null)
    {
        design ??= HeadDesign.Linear;
        design.Check();
        return new(this) { Design = design };
    }

    /// <summary>Lets the new head start from one that is fitted to the features of the frozen network first: the training goes on from what that head says.</summary>
    public FineTunePipeline ReplaceHead(HeadTrainer start) => ReplaceHead(HeadDesign.Linear with { Start = start ?? throw new ArgumentNullException(nameof(start)) });

    /// <summary>Lets the new head start from one that there is already, for the same classes and features.</summary>
    public FineTunePipeline ReplaceHead(LinearHead start) => ReplaceHead(new GivenHead(start ?? throw new ArgumentNullException(nameof(start))));

    /// <summary>
    /// Puts a batch normalization behind each convolution that is trained and has none, for networks whose exporter folded it away: with the statistics of the pictures, so that the network says what it said.
    /// It is trained with the statistics of batches unless <see cref="FineTuneOptions.BatchNormalizationRules"/> say otherwise, and folded into the convolution again afterwards.
    /// </summary>
    public FineTunePipeline RestoreBatchNormalization() => new(this) { Restores = true };

    /// <summary>Sets how the network is trained.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public FineTunePipeline FineTune(FineTuneOptions how)
    {
        ArgumentNullException.ThrowIfNull(how);
        how.Check();
        return new(this) { How = how };
    }

    /// <summary>Sets how often each picture is seen, and leaves the rest as it is.</summary>
    public FineTunePipeline FineTune(int epochs) => FineTune(How with { Epochs = epochs });

    /// <summary>Sets how pictures are varied. The default is <see cref="PictureViews.Flips"/>.</summary>
    public FineTunePipeline Augment(PictureViews views)
    {
        ArgumentNullException.ThrowIfNull(views);
        return new(this) { Views = views };
    }

    /// <summary>Saves each training now and then, so that it can go on after the process was ended.</summary>
    public FineTunePipeline SaveCheckpoints(FineTuneCheckpoints where)
    {
        ArgumentNullException.ThrowIfNull(where);
        return new(this) { Saved = where };
    }

    /// <summary>What <see cref="Fit"/> would take, without reading a picture.</summary>
    /// <param name="images">The pictures to train on.</param>
    /// <param name="heldOut">Pictures to try the network on after every epoch, or null.</param>
    /// <exception cref="ConvTransferException">The parts do not fit each other.</exception>
    public FineTunePlan Plan(ImageDataset images, ImageDataset? heldOut = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var trainer = Checked(images);
        using var samples = Samples(trainer, images, null);
        // Phases of the same frontier share what is kept.
        var kept = trainer.Phases.Where(p => p.First is not null).DistinctBy(p => string.Join('\n', p.Frontier));
        long sample = kept.SelectMany(p => p.FrontierTypes).Sum(t => t.ToShape().ElementCount * sizeof(float)) / trainer.Plan.BatchSize;
        long views = ((long)images.Count * Views.Kept) + (heldOut?.Count ?? 0);
        return new FineTunePlan(trainer.Plan, images.Count)
        {
            FrozenMultiplyAdds = trainer.First is { } first ? NetworkReport.Of(first, _options.Limits).MultiplyAdds : 0,
            FrozenBytes = samples.NativeBytes() * (heldOut is null ? 1 : 2),
            KeptBytes = Views.CanBeKept ? sample * views : 0,
            HeldOutBytes = heldOut is null ? 0 : trainer.Plan.HeldOutBytes,
            Foldable = Restores ? 0 : Normalizations().Foldable.Count,
        };
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
        using var own = OwnCache();
        return Trained(images, heldOut is null ? null : HeldOutPictures.Aligned(heldOut, images), _options.Cache ?? own!, "all", progress, training, cancellationToken);
    }

    private FineTunedModel Trained(ImageDataset images, ImageDataset? heldOut, ActivationCache cache, string phase, IProgress<ProgressReport>? progress, IProgress<TrainingProgress>? training, CancellationToken cancellationToken)
    {
        var (before, head) = Prepared(images, cache, progress, cancellationToken);
        var tried = heldOut is null ? null : HeldOutPictures.Readable(heldOut, _options, progress, cancellationToken);
        using var trainer = Trainer(head, Math.Min(How.BatchSize, before.Count), Saved?.For(phase, Inputs(before.Images, tried)));
        using var samples = Samples(trainer, before.Images, cache);
        using var held = tried is null ? null : Samples(trainer, tried, cache);
        var result = trainer.Run(samples.Phases, held?.Phases, training, cancellationToken);

        var (network, linear) = head.Folded(Normalizations().WithWeightsOf(result.Network), result.Network, images.Classes.ToValueList());
        return FineTunedModel.Of(network, _cut, _recipe, _options, linear, before, trainer.TrainedWeights.Except(head.Weights).Where(_truncated.Graph.Initializers.Select(t => t.Name).Contains).ToValueList(), _truncated, result);
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
        using var own = OwnCache();
        var (before, head) = Prepared(images, _options.Cache ?? own!, progress, cancellationToken);
        using var trainer = Trainer(head, Math.Min(How.BatchSize, before.Count));
        using var samples = Samples(trainer, before.Images, _options.Cache ?? own!);
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
        using var own = OwnCache();
        foreach (var split in images.Folds(folds, _options.Seed))
        {
            figures.Add(Try(split, _options.Cache ?? own!, string.Create(CultureInfo.InvariantCulture, $"fold-{figures.Count + 1}-of-{folds}"), training, cancellationToken));
            progress?.Report(new ProgressReport("folds", figures.Count, folds, "folds", System.Diagnostics.Stopwatch.GetElapsedTime(start)));
        }
        return new FoldFigures(figures.ToValueList());
    }

    /// <summary>The figures of a network that is trained without a part of each class and tried on it.</summary>
    public Figures HoldOut(ImageDataset images, double testFraction, IProgress<TrainingProgress>? training = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var own = OwnCache();
        return Try(images.Split(testFraction, _options.Seed), _options.Cache ?? own!, "held-out", training, cancellationToken);
    }

    // What comes before every training: all that can be refused is, then the features are computed, and the head is put behind the network.
    private (FeatureTable Before, NewHead Head) Prepared(ImageDataset images, ActivationCache cache, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        Checked(images).Dispose();
        if (images.Count < How.BatchSize) _options.Logger.LogWarning("{Pictures} pictures are fewer than a batch of {Batch}: each batch is all of them", images.Count, How.BatchSize);
        foreach (string warning in images.Warnings) _options.Logger.LogWarning("{Warning}", warning);
        // The features serve three times: they name the pictures that cannot be read, scale the head's input, and are what the frozen network knew.
        FeatureTable before;
        using (var extractor = new FeatureExtractor(_truncated, _recipe, _options with { Cache = cache })) before = extractor.Extract(images, progress, cancellationToken);
        var start = Design.Start?.Fit(before, _options.Seed, cancellationToken);
        var network = Normalizations().Measured(before.Images, _recipe, cancellationToken);
        return (before, NewHead.Behind(Sized(network), images.Classes.Count, before.Width, before, Design, start, _options.Seed));
    }

    // Planned with a head of zeros.
    private Trainer Checked(ImageDataset images)
    {
        images.RequireTwoClasses();
        if (_recipe.FixedSize is null) throw new ConvTransferException(FailureCause.DataInvalid, "a network is trained in batches, so its pictures must be of one size; give the recipe an exact size or a crop");
        var labels = images.Classes.ToValueList();
        int width = FeatureNetwork.Of(_truncated, _recipe, _options.Limits).Width;
        OneFileModel.Build(_truncated, _recipe, new LinearHead(labels, width, new float[labels.Count * width].ToValueList(), new float[labels.Count].ToValueList()), []);
        Design.Check(width, labels, _options.Limits);
        return Trainer(NewHead.Behind(Sized(Normalizations().Unmeasured()), labels.Count, width, null, Design, null, _options.Seed), Math.Min(How.BatchSize, images.Count));
    }

    private Figures Try(ImageSplit split, ActivationCache cache, string phase, IProgress<TrainingProgress>? training, CancellationToken cancellationToken)
    {
        using var model = Trained(split.Train, null, cache, phase, null, training, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return model.Evaluate(split.Test, null, cancellationToken);
    }

    private Trainer Trainer(NewHead head, int batch, TrainerOptions? saved = null)
    {
        var normalizations = Normalizations();
        return new(head.Network, [.. normalizations.Frozen(0)], normalizations.Settings(How with { BatchSize = batch }), (saved ?? new TrainerOptions()) with
        {
            Seed = _options.Seed,
            Threads = _options.Threads,
            Limits = _options.Limits,
            HeadWeights = head.Weights,
            Warn = warning => _options.Logger.LogWarning("{Warning}", warning),
        });
    }

    // What a checkpoint must agree with beside the network, the options and the classes, which the training itself looks at.
    private Dictionary<string, string> Inputs(ImageDataset images, ImageDataset? heldOut)
    {
        var inputs = new Dictionary<string, string> { ["the recipe"] = _recipe.ToJson(), ["the views"] = $"{Views.PerPicture} of {Views.Augmentation.ToJson()}", ["the pictures"] = Hash(images) };
        if (heldOut is not null) inputs.Add("the held-out pictures", Hash(heldOut));
        return inputs;

        string Hash(ImageDataset set)
        {
            using var hasher = new ContentHasher();
            foreach (var item in set.Items) hasher.Add(ContentHash.Of(ImageReader.ReadEncoded(item.Path, _options.Limits)).ToString());
            return hasher.Finish().ToString();
        }
    }

    private PhasedSamples Samples(Trainer trainer, ImageDataset images, ActivationCache? cache) => new(phase => new PictureSamples(images, _recipe, Views, trainer.Phases, phase, cache, _options), trainer.Phases.Count);

    // Where the caller gives no cache, what the frozen part gives is kept in memory while the work runs.
    private ActivationCache? OwnCache() => _options.Cache is null ? new ActivationCache(_options.Limits.MemoryBytes / 4) : null;

    private NormalizationRestoration Normalizations() => new(_truncated, [Rules, .. How.Unfreeze.Select(p => p.Freeze)], Restores, _options);

    // A batch has one size; a network that leaves it open is trained at the recipe's.
    private Model Sized(Model network)
    {
        if (network.Graph.RequiredInputs.ToArray() is not [{ Type: TensorType { Dims: { Count: 4 } dims } }] || dims.Skip(1).All(d => d.IsKnown)) return network;
        var size = _recipe.FixedSize!.Value;
        return network.WithInputSize(size.Height, size.Width, _recipe.Layout == TensorLayout.Nhwc);
    }
}
