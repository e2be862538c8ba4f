using System.CommandLine;
using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Training;

namespace ConvTransfer.Cli;

/// <summary>The options that say how a network is fine-tuned: what is frozen, rates, batches and views. They are those of every verb that trains a network.</summary>
internal sealed class TuningOptions
{
    private const string Balanced = "balanced", Fitted = "lbfgs";
    private static readonly FineTuneOptions Standard = FineTuneOptions.Default;

    private readonly Option<string[]> _until = new("--freeze-until") { Description = "Freeze everything that this value is computed from, the node that makes it included. May be given more than once.", HelpName = "VALUE" };
    private readonly Option<string[]> _freeze = new("--freeze") { Description = "Freeze the layers whose node, value or weight has this name; * stands for any characters. May be given more than once.", HelpName = "GLOB" };
    private readonly Option<int> _last = CommonOptions.Integer("--train-last", "Freeze all layers with weights but the last ones: how many are trained beside the new head. A bias or a batch normalization right behind a layer counts with it. 0 trains the head alone; without this option nothing is frozen by number.", 0, 100000, null);
    private readonly Option<int> _batch = CommonOptions.Integer("--batch", "Pictures in a batch.", 1, 65536, Standard.BatchSize);
    private readonly Option<double> _headRate = CommonOptions.Number("--head-rate", "Learning rate of the new head.", 0, 1e6, Standard.HeadRate);
    private readonly Option<double> _bodyRate = CommonOptions.Number("--body-rate", "Learning rate of the network's own layers.", 0, 1e6, Standard.BodyRate);
    private readonly Option<string> _classWeights = new("--class-weights") { Description = "How much a picture of each class counts in the loss: LABEL=X,LABEL=X with 1 for labels that are not named, or 'balanced' for all classes alike however many pictures they have.", HelpName = "WEIGHTS" };
    private readonly Option<double> _mixup = CommonOptions.Number("--mixup", "Mix each picture with another one by a share from Beta(X, X). 0 for not at all.", 0, 1000, 0);
    private readonly Option<double> _cutMix = CommonOptions.Number("--cutmix", "Put a box of another picture into each; it leaves a share from Beta(X, X). With --mixup one of both is drawn for each batch. 0 for not at all.", 0, 1000, 0);
    private readonly Option<int[]> _hidden = new("--hidden") { Description = "Units of a hidden layer of the new head. May be given more than once, from the features to the classes. Default: none, a linear head.", HelpName = "UNITS" };
    private readonly Option<double> _dropout = CommonOptions.Number("--dropout", "The share of its inputs that each layer of the new head does without while it is trained.", 0, 0.999, 0);
    private readonly Option<string> _start = Starts();
    private readonly Option<string[]> _normalization = new("--batch-norm") { Description = "What batch normalizations in trained layers do: frozen, affine (scale and shift are trained) or train (statistics of batches); as GLOB=WORD for those with such a name, and then it may be given more than once. Default frozen.", HelpName = "POLICY" };
    private readonly Option<bool> _restore = new("--restore-batch-norm") { Description = "Put a batch normalization behind each trained convolution that has none, for networks whose exporter folded it away; it is folded in again afterwards. It is trained, whatever --batch-norm says of the others, unless GLOB=WORD names it." };
    private readonly Option<string> _augment = Augmentations();
    private readonly Option<int> _views = CommonOptions.Integer("--views", "Views of each picture; what the frozen layers give for them is computed once. 0 for new ones in every epoch.", 0, 1000, PictureViews.Flips.PerPicture);
    private readonly Option<ulong> _seed = CommonOptions.Seed();

    private readonly LoopOptions _loop = new();

    /// <summary>The network and the pictures.</summary>
    public NetworkOptions Network { get; } = new();

    /// <summary>All options, in the order of <c>--help</c>.</summary>
    public IEnumerable<Symbol> All => [.. Network.All, Network.CacheFolder, _until, _freeze, _last, _batch, _headRate, _bodyRate, _classWeights, _hidden, _dropout, _start, _normalization, _restore, _augment, _views, _mixup, _cutMix, .. _loop.All, _seed];

    /// <summary>The cache that is read in every epoch, and therefore worth memory too. Without <c>--cache</c> it is in memory alone: all trainings of a call share it.</summary>
    public ActivationCache Cache(VerbContext context) => Network.Cache(context, context.Limits.MemoryBytes / 4) ?? new ActivationCache(context.Limits.MemoryBytes / 4);

    /// <summary>The pipeline up to the training.</summary>
    /// <param name="context">The command line.</param>
    /// <param name="images">The pictures, for the names of the classes.</param>
    /// <param name="cache">The cache, or null.</param>
    /// <param name="how">Sets what the verb has options of its own for; null for nothing.</param>
    /// <exception cref="UsageException">The network has no such value, or a value is out of its range.</exception>
    public FineTunePipeline Pipeline(VerbContext context, ImageDataset images, ActivationCache? cache, Func<FineTuneOptions, FineTuneOptions>? how = null) => UsageException.Of(() =>
    {
        string? weights = context.Get(_classWeights);
        var options = _loop.Apply(context, Standard) with
        {
            BatchSize = context.Get(_batch),
            HeadRate = context.Get(_headRate),
            BodyRate = context.Get(_bodyRate),
            MixupAlpha = context.Get(_mixup),
            CutMixAlpha = context.Get(_cutMix),
            BalanceClasses = weights == Balanced,
            BatchNormalization = Policies(context).Where(p => p.Glob.Length == 0).Select(p => p.Policy).LastOrDefault(Standard.BatchNormalization),
            BatchNormalizationRules = Policies(context).Where(p => p.Glob.Length > 0).ToValueList(),
            ClassWeights = weights is null or Balanced ? [] : ClassWeights(weights, images.Classes),
        };
        var pipeline = Network.Pipeline(context, context.Get(_seed), cache).FineTune(how is null ? options : how(options));
        var augmentation = context.Get(_augment) switch { "none" => Augmentation.None, "light" => Augmentation.Light, _ => Augmentation.Flips };
        pipeline = pipeline.ReplaceHead(new HeadDesign
        {
            Hidden = (context.Get(_hidden) ?? []).ToValueList(),
            Dropout = context.Get(_dropout),
            Start = context.Get(_start) == Fitted ? MlNetHeads.Of(new HeadOptions()) : null,
        });
        if (context.Get(_restore)) pipeline = pipeline.RestoreBatchNormalization();
        pipeline = pipeline.Augment(new PictureViews(augmentation, context.Get(_views)));
        foreach (string value in context.Get(_until) ?? []) pipeline = pipeline.Freeze(FreezeRule.Until(value));
        foreach (string glob in context.Get(_freeze) ?? []) pipeline = pipeline.Freeze(FreezeRule.Matching(glob));
        return context.IsGiven(_last) ? pipeline.Freeze(FreezeRule.AllButLast(context.Get(_last))) : pipeline;
    });

    private static ValueList<double> ClassWeights(string text, IReadOnlyList<string> labels)
    {
        double[] weights = [.. labels.Select(_ => 1.0)];
        var named = new HashSet<string>();
        foreach (string item in text.Split(','))
        {
            int sign = item.LastIndexOf('=');
            string label = sign < 0 ? item : item[..sign];
            int at = labels.ToValueList().IndexOf(label);
            if (at < 0) throw new UsageException($"--class-weights names '{DisplayText.Escape(label)}', which is no class of the pictures; they are {DisplayText.List(labels)}");
            if (sign < 0 || !double.TryParse(item.AsSpan(sign + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out weights[at]) || !(weights[at] > 0 && double.IsFinite(weights[at])))
                throw new UsageException($"--class-weights says '{DisplayText.Escape(item)}', expected LABEL=X with a number above 0");
            if (!named.Add(label)) throw new UsageException($"--class-weights names '{DisplayText.Escape(label)}' twice");
        }
        return weights.ToValueList();
    }

    // A policy without a name is for all.
    private IEnumerable<BatchNormalizationRule> Policies(VerbContext context) => (context.Get(_normalization) ?? []).Select(text =>
    {
        int sign = text.LastIndexOf('=');
        return new BatchNormalizationRule(sign < 0 ? "" : text[..sign], text[(sign + 1)..] switch
        {
            "frozen" => BatchNormalizationPolicy.Frozen,
            "affine" => BatchNormalizationPolicy.AffineOnly,
            "train" => BatchNormalizationPolicy.Train,
            var word => throw new UsageException($"--batch-norm says '{DisplayText.Escape(word)}', expected frozen, affine or train"),
        });
    });

    private static Option<string> Starts()
    {
        var option = new Option<string>("--head-start") { Description = $"Where a linear head starts: zeros, or {Fitted}, the classifier that 'train' fits to the features of the frozen network.", DefaultValueFactory = _ => "zeros" };
        return option.AcceptOnlyFromAmong("zeros", Fitted);
    }

    private static Option<string> Augmentations()
    {
        var option = new Option<string>("--augment") { Description = "How pictures are varied while training: flips mirrors half of the views, light takes parts and changes colours a little too.", DefaultValueFactory = _ => "flips" };
        return option.AcceptOnlyFromAmong("flips", "light", "none");
    }
}
