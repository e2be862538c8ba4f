using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;
using ConvTransfer.Training;
using Microsoft.Extensions.Logging;

namespace ConvTransfer.Pipelines;

/// <summary>The way from pictures to a classifier, step by step: network, recipe, cut, head. Immutable: each step gives a new pipeline.</summary>
/// <example><code>
/// var pipeline = TransferPipeline.FromOnnx("squeezenet.onnx")
///     .Preprocess(InputRecipe.Caffe(size: 224, resize: 256))
///     .TruncateAt("fire9/concat_1", pool: Pooling.GlobalAverage)
///     .Classify();
/// using var model = pipeline.Fit(images.Train);
/// Console.WriteLine(model.Evaluate(images.Test));
/// model.SaveOnnx("flowers.onnx");
/// </code></example>
public sealed class TransferPipeline
{
    private readonly Model _network;
    private readonly string? _cut;
    private readonly InputRecipe? _recipe;
    private readonly HeadTrainer? _trainer;
    private readonly PipelineOptions _options;

    private TransferPipeline(Model network, string? cut, InputRecipe? recipe, HeadTrainer? trainer, PipelineOptions options)
    {
        _network = network;
        _cut = cut;
        _recipe = recipe;
        _trainer = trainer;
        _options = options;
    }

    /// <summary>Begins with the network of a file.</summary>
    /// <exception cref="ConvTransferException">The file cannot be read, or is no valid model; every problem is listed.</exception>
    public static TransferPipeline FromOnnx(string path, Limits? limits = null) => FromModel(OnnxFile.Read(path, limits)).With(PipelineOptions.Default with { Limits = limits ?? Limits.Default });

    /// <summary>Begins with <see cref="PretrainedNetwork"/> and its recipe.</summary>
    public static TransferPipeline FromPretrained() => FromModel(PretrainedNetwork.Load()).Preprocess(PretrainedNetwork.Recipe);

    /// <summary>Begins with a network.</summary>
    public static TransferPipeline FromModel(Model network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new TransferPipeline(network, null, null, null, PipelineOptions.Default);
    }

    /// <summary>Sets how pictures are made ready for the network.</summary>
    /// <exception cref="ConvTransferException">The recipe contradicts itself.</exception>
    public TransferPipeline Preprocess(InputRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.Fault() is { } fault) throw new ConvTransferException(FailureCause.DataInvalid, $"recipe: {fault}");
        return new TransferPipeline(_network, _cut, recipe, _trainer, _options);
    }

    /// <summary>Lets the network take pictures of the size that the recipe makes, whatever its file declares. Call it before the network is cut.</summary>
    /// <exception cref="InvalidOperationException">The recipe is not set.</exception>
    /// <exception cref="ConvTransferException">The recipe makes pictures of no fixed size.</exception>
    /// <exception cref="ArgumentException">The network has not one input of rank 4.</exception>
    public TransferPipeline ResizeInput()
    {
        if (Recipe.FixedSize is not { } size) throw new ConvTransferException(FailureCause.DataInvalid, "the recipe makes pictures of no fixed size, to which the network's input could be set");
        return new TransferPipeline(_network.WithInputSize(size.Height, size.Width, Recipe.Layout == TensorLayout.Nhwc), _cut, _recipe, _trainer, _options);
    }

    /// <summary>Cuts the network where the features are. Without a cut they are the network's only output.</summary>
    /// <param name="cut">The exact name of a value, or "penultimate" or "last-conv".</param>
    /// <param name="pool">What is done with the spatial axes of the value.</param>
    /// <exception cref="ArgumentException">The network has no such value, or it has no spatial axes to pool.</exception>
    public TransferPipeline TruncateAt(string cut, Pooling pool = Pooling.None)
    {
        ArgumentException.ThrowIfNullOrEmpty(cut);
        return new TransferPipeline(_network.TruncateAt(cut, pool, _options.Limits), cut, _recipe, _trainer, _options);
    }

    /// <summary>Cuts the network's own classifier off: at <see cref="CutPoints.Penultimate"/>, averaged over its spatial axes where it has such.</summary>
    /// <exception cref="ArgumentException">The network has no value of that name.</exception>
    public TransferPipeline WithoutHead()
    {
        var plain = TruncateAt(CutPoints.Penultimate);
        return plain._network.Graph.Outputs[0].Type is TensorType { Dims.Count: > 2 } ? TruncateAt(CutPoints.Penultimate, Pooling.GlobalAverage) : plain;
    }

    /// <summary>Sets what is fitted to the features.</summary>
    public TransferPipeline Classify(HeadTrainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        return new TransferPipeline(_network, _cut, _recipe, trainer, _options);
    }

    /// <summary>Goes on to fine-tuning: everything that a value is computed from keeps its weights, the node that makes it included.</summary>
    /// <param name="value">The exact name of a value.</param>
    /// <exception cref="InvalidOperationException">The recipe is not set.</exception>
    public FineTunePipeline FreezeUntil(string value) => Freeze(FreezeRule.Until(value));

    /// <summary>Goes on to fine-tuning: what a rule names keeps its weights.</summary>
    /// <exception cref="InvalidOperationException">The recipe is not set.</exception>
    public FineTunePipeline Freeze(FreezeRule rule) => FineTune(FineTuneOptions.Default).Freeze(rule);

    /// <summary>Goes on to fine-tuning with a new head behind the cut; nothing is frozen but what <see cref="FineTunePipeline.Freeze"/> names. Where no cut was set, it is <see cref="CutPoints.Penultimate"/>, averaged over its spatial axes.</summary>
    /// <exception cref="InvalidOperationException">The recipe is not set.</exception>
    /// <exception cref="ArgumentException">No cut was set, and the network has none of that name.</exception>
    public FineTunePipeline FineTune(FineTuneOptions how)
    {
        var cut = _cut is null ? WithoutHead() : this;
        return new FineTunePipeline(new FineTuneSetup(DenseLayer.Flat(cut._network), cut._cut, Recipe, _options)).FineTune(how);
    }

    /// <summary>Sets how the pipeline works: threads, seed, limits, how many bad pictures are allowed, and who is told.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public TransferPipeline With(PipelineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        return new TransferPipeline(_network, _cut, _recipe, _trainer, options);
    }

    /// <summary>Computes the features of pictures. When a head is set, what it and the export need is checked first.</summary>
    /// <exception cref="InvalidOperationException">The recipe is not set.</exception>
    /// <exception cref="ConvTransferException">The parts do not fit each other, before any picture is read; or too many pictures are bad.</exception>
    public FeatureTable Features(ImageDataset images, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        using var extractor = Extractor();
        return Extract(extractor, images, progress, cancellationToken);
    }

    /// <summary>Computes the features of pictures and fits the head to them.</summary>
    /// <returns>What was fitted; the caller disposes it.</returns>
    /// <exception cref="InvalidOperationException">The recipe or the head is not set.</exception>
    /// <exception cref="ConvTransferException">The parts do not fit each other, before any picture is read; too many pictures are bad; or the head cannot be fitted.</exception>
    public FittedPipeline Fit(ImageDataset images, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        _ = Trainer;
        var extractor = Extractor();
        try
        {
            var features = Extract(extractor, images, progress, cancellationToken);
            return Fitted(extractor, features, cancellationToken);
        }
        catch
        {
            extractor.Dispose();
            throw;
        }
    }

    /// <summary>Fits the head to features that <see cref="Features"/> computed before.</summary>
    /// <inheritdoc cref="Fit(ImageDataset, IProgress{ProgressReport}?, CancellationToken)"/>
    public FittedPipeline Fit(FeatureTable features, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        var extractor = Extractor();
        try
        {
            return Fitted(extractor, features, cancellationToken);
        }
        catch
        {
            extractor.Dispose();
            throw;
        }
    }

    /// <summary>The figures of heads that are each fitted without one part of the pictures and tried on it. Features are not computed again.</summary>
    /// <param name="features">The features of all pictures.</param>
    /// <param name="folds">The number of parts, at least 2.</param>
    /// <param name="progress">Told after every fit, or null.</param>
    /// <param name="cancellationToken">Stops between two fits.</param>
    public FoldFigures CrossValidate(FeatureTable features, int folds, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        var figures = new List<Figures>();
        foreach (var split in features.Images.Folds(folds, _options.Seed))
        {
            figures.Add(TrainAndTest(features, split, cancellationToken));
            progress?.Report(new ProgressReport("folds", figures.Count, folds, "folds", System.Diagnostics.Stopwatch.GetElapsedTime(start)));
        }
        return new FoldFigures(figures.ToValueList());
    }

    /// <summary>The figures of a head that is fitted without a part of each class and tried on it. Features are not computed again.</summary>
    /// <param name="features">The features of all pictures.</param>
    /// <param name="testFraction">The part, above 0 and below 1.</param>
    /// <param name="cancellationToken">Stops before or after the fit.</param>
    public Figures HoldOut(FeatureTable features, double testFraction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        return TrainAndTest(features, features.Images.Split(testFraction, _options.Seed), cancellationToken);
    }

    private InputRecipe Recipe => _recipe ?? throw new InvalidOperationException($"the pipeline has no recipe; call {nameof(Preprocess)} first");

    private HeadTrainer Trainer => _trainer ?? throw new InvalidOperationException($"the pipeline has no head; call {nameof(Classify)} first");

    private FeatureExtractor Extractor() => new(_network, Recipe, _options);

    private Figures TrainAndTest(FeatureTable features, ImageSplit split, CancellationToken cancellationToken)
    {
        var (train, test) = features.Take(split);
        return test.Evaluate(Trainer.Fit(train, _options.Seed, cancellationToken));
    }

    private FittedPipeline Fitted(FeatureExtractor extractor, FeatureTable features, CancellationToken cancellationToken) =>
        new(_network, _cut, Recipe, extractor, new Lazy<FeatureTable>(features), Trainer.Fit(features, _options.Seed, cancellationToken));

    private FeatureTable Extract(FeatureExtractor extractor, ImageDataset images, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (_trainer is not null) CheckHead(images, extractor.Width);
        foreach (string warning in images.Warnings) _options.Logger.LogWarning("{Warning}", warning);
        foreach (var ignored in images.Ignored) _options.Logger.LogInformation("{File} is no part of the data set: {Reason}", DisplayText.Escape(ignored.Path, 4096), ignored.Reason);
        return extractor.Extract(images, progress, cancellationToken);
    }

    // All that would be refused after the work is refused before it: the classes, the estimator, and the file, which is built once with a head of zeros.
    private void CheckHead(ImageDataset images, int width)
    {
        images.RequireTwoClasses();
        var labels = images.Classes.ToValueList();
        var head = new LinearHead(labels, width, new float[(long)labels.Count * width].ToValueList(), new float[labels.Count].ToValueList());
        Trainer.Check();
        OneFileModel.Build(_network, Recipe, head, []);
    }
}
