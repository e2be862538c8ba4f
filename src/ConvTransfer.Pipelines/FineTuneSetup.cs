using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Training;
using Microsoft.Extensions.Logging;

namespace ConvTransfer.Pipelines;

/// <summary>All that a fine-tuning is told, and the parts that it is made of.</summary>
/// <param name="Truncated">The network, cut where the head begins.</param>
/// <param name="Cut">The value that it was cut at, or null.</param>
/// <param name="Recipe">How pictures are made ready.</param>
/// <param name="Options">How to work.</param>
internal sealed record FineTuneSetup(Model Truncated, string? Cut, InputRecipe Recipe, PipelineOptions Options)
{
    /// <summary>What is frozen: all that any of these names.</summary>
    public ValueList<FreezeRule> Rules { get; init; } = [];

    /// <summary>How it is trained.</summary>
    public FineTuneOptions How { get; init; } = FineTuneOptions.Default;

    /// <summary>How pictures are varied.</summary>
    public PictureViews Views { get; init; } = PictureViews.Flips;

    /// <summary>Where it saves how far it is, or null.</summary>
    public FineTuneCheckpoints? Saved { get; init; }

    /// <summary>What the head is made of.</summary>
    public HeadDesign Design { get; init; } = HeadDesign.Linear;

    /// <summary>True to put batch normalizations back that were folded away.</summary>
    public bool Restores { get; init; }

    /// <summary>The epochs at the start in which the head alone is trained.</summary>
    public int HeadEpochs { get; init; }

    // Head first is one phase more, in which all of the network is frozen.
    private ValueList<FreezeRule> Frozen => HeadEpochs == 0 ? Rules : [FreezeRule.AllButLast(0)];

    private FineTuneOptions Staged => HeadEpochs == 0 ? How : How with { Unfreeze = [new UnfreezePhase(HeadEpochs, Rules), .. How.Unfreeze] };

    /// <summary>What comes before every training: all that can be refused is, then the features are computed, and the head is put behind the network.</summary>
    public (FeatureTable Before, NewHead Head) Prepared(ImageDataset images, ActivationCache cache, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        if (images.Count < How.BatchSize) Options.Logger.LogWarning("{Pictures} pictures are fewer than a batch of {Batch}: each batch is all of them", images.Count, How.BatchSize);
        if (Options.Cache is not null && !Views.CanBeKept) Options.Logger.LogWarning("the views are new in every epoch: what the frozen part gives for them is not kept");
        // The features serve three times: they name the pictures that cannot be read, scale the head's input, and are what the frozen network knew.
        var before = Features(images, cache, progress, cancellationToken);
        var start = Design.Start?.Fit(before, Options.Seed, cancellationToken);
        var network = Normalizations().Measured(before.Images, Recipe, cancellationToken);
        return (before, NewHead.Behind(Sized(network), images.Classes.Count, before.Width, before, Design, start, Options.Seed));
    }

    /// <summary>The features of the network as it is, of the pictures that can be read.</summary>
    public FeatureTable Features(ImageDataset images, ActivationCache cache, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        Checked(images).Dispose();
        foreach (string warning in images.Warnings) Options.Logger.LogWarning("{Warning}", warning);
        using var extractor = new FeatureExtractor(Truncated, Recipe, Options with { Cache = cache });
        return extractor.Extract(images, progress, cancellationToken);
    }

    /// <summary>The training as it is planned, with a head of zeros; nothing is run.</summary>
    /// <exception cref="ConvTransferException">The parts do not fit each other.</exception>
    public Trainer Checked(ImageDataset images)
    {
        images.RequireTwoClasses();
        if (Recipe.FixedSize is null) throw new ConvTransferException(FailureCause.DataInvalid, "a network is trained in batches, so its pictures must be of one size; give the recipe an exact size or a crop");
        var labels = images.Classes.ToValueList();
        int width = FeatureNetwork.Of(Truncated, Recipe, Options.Limits).Width;
        OneFileModel.Build(Truncated, Recipe, new LinearHead(labels, width, new float[labels.Count * width].ToValueList(), new float[labels.Count].ToValueList()), []);
        Design.Check(width, labels, Options.Limits);
        var network = Normalizations().Unmeasured();
        var head = NewHead.Behind(Sized(network), labels.Count, width, null, Design, null, Options.Seed);
        var trainer = Trainer(head, Math.Min(How.BatchSize, images.Count));
        try
        {
            // With its head the network has no functions any more, but what is handed back has.
            StoredNumbers.Require(network, trainer.ChangedNumbers.Except(head.Weights));
            return trainer;
        }
        catch
        {
            trainer.Dispose();
            throw;
        }
    }

    /// <summary>The training of a network with its head.</summary>
    public Trainer Trainer(NewHead head, int batch, TrainerOptions? saved = null)
    {
        var normalizations = Normalizations();
        var own = Truncated.Graph.Initializers.Select(t => t.Name).ToHashSet();
        return new(head.Network, [.. normalizations.Frozen(0)], normalizations.Settings(Staged with { BatchSize = batch }), (saved ?? new TrainerOptions()) with
        {
            Seed = Options.Seed,
            Threads = Options.Threads,
            Limits = Options.Limits,
            HeadWeights = head.Weights,
            // What the head's input and restored normalizations are scaled by, and a head that was fitted.
            MeasuredNumbers = head.Network.Graph.Initializers.Where(t => t.ElementType == ElementType.Float32 && !own.Contains(t.Name)).Select(t => t.Name).ToValueList(),
            Warn = warning => Options.Logger.LogWarning("{Warning}", warning),
        });
    }

    /// <summary>What a checkpoint must agree with beside the network, the options and the classes, which the training itself looks at.</summary>
    public Dictionary<string, string> Inputs(ImageDataset images, ImageDataset? heldOut, CancellationToken cancellationToken)
    {
        var inputs = new Dictionary<string, string> { ["the recipe"] = Recipe.ToJson(), ["the views"] = $"{Views.PerPicture} of {Views.Augmentation.ToJson()}", ["the pictures"] = Hash(images) };
        if (heldOut is not null) inputs.Add("the held-out pictures", Hash(heldOut));
        return inputs;

        string Hash(ImageDataset set)
        {
            var contents = new ContentHash[set.Count];
            ImageLoop.Run(set.Count, Options.Workers, "pictures", (_, i) => contents[i] = ContentHash.Of(ImageReader.ReadEncoded(set.Items[i].Path, Options.Limits)), null, cancellationToken);
            using var hasher = new ContentHasher();
            foreach (var content in contents) hasher.Add(content.ToString());
            return hasher.Finish().ToString();
        }
    }

    /// <summary>The pictures as the samples of a training.</summary>
    public PhasedSamples Samples(Trainer trainer, ImageDataset images, ActivationCache? cache)
    {
        var features = cache is null ? null : FeatureExtractor.ScopeOf(Truncated, Recipe, Options.Limits);
        return new(phase => new PictureSamples(images, Recipe, Views, trainer.Phases, phase, cache, features, Options), trainer.Phases.Count);
    }

    /// <summary>Where the caller gives no cache, one in memory: what the frozen part gives is kept while the work runs.</summary>
    public ActivationCache? OwnCache() => Options.Cache is null ? new ActivationCache(CacheMemoryBytes) : null;

    /// <summary>Bytes of memory for what the frozen part gives.</summary>
    public long CacheMemoryBytes => Options.Cache?.MemoryLimitBytes ?? Options.Limits.MemoryBytes / 4;

    /// <summary>The batch normalizations that are put back.</summary>
    public NormalizationRestoration Normalizations() => new(Truncated, [Frozen, .. Staged.Unfreeze.Select(p => p.Freeze)], Restores, Options);

    // A batch has one size; a network that leaves it open is trained at the recipe's.
    private Model Sized(Model network)
    {
        if (network.Graph.RequiredInputs.ToArray() is not [{ Type: TensorType { Dims: { Count: 4 } dims } }] || dims.Skip(1).All(d => d.IsKnown)) return network;
        var size = Recipe.FixedSize!.Value;
        return network.WithInputSize(size.Height, size.Width, Recipe.Layout == TensorLayout.Nhwc);
    }
}
