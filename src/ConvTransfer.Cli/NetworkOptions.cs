using System.CommandLine;
using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;
using Microsoft.Extensions.Logging;

namespace ConvTransfer.Cli;

/// <summary>The options that say which network, cut how, computes features of which pictures.</summary>
internal sealed class NetworkOptions
{
    private readonly Option<string> _cut = new("--cut") { Description = $"Where the features are: a value's exact name, {CutPoints.Penultimate} or {CutPoints.LastConv}; 'inspect' lists them. Default {CutPoints.Penultimate}, averaged over its spatial axes; with --pool-max {CutPoints.LastConv}.", HelpName = "VALUE" };
    private readonly Option<bool> _resize = new("--resize-input") { Description = "Let the network take pictures of the size that the recipe makes, whatever its file declares." };
    private readonly Option<bool> _pool = new("--pool") { Description = "Average the value over its spatial axes, one number for each channel." };
    private readonly Option<bool> _poolMax = new("--pool-max") { Description = "Take the average of the value over its spatial axes and its greatest number side by side, two numbers for each channel." };
    private readonly Option<string> _recipe = new("--recipe")
    {
        Description = $"How pictures are made ready: NAME[:SIZE][:nchw|:nhwc] with NAME one of {string.Join(", ", InputRecipe.Names)}; or a JSON file. Needed with --model; the built-in network has its own.",
        HelpName = "RECIPE",
    };

    /// <summary>The folder in which features, and what frozen layers give, are kept, for the verbs that keep them.</summary>
    public Option<string> CacheFolder { get; } = new("--cache")
    {
        Description = "Keep what the network, or its frozen part, gives for each picture in this folder, and take from it what is there for the same network, recipe, view and picture; it is made where it does not exist. One call at a time may use a folder. Default: nothing is kept after the work.",
        HelpName = "DIR",
    };

    private readonly PictureOptions _pictures = new();

    private readonly Option<string> _model = new("--model") { Description = "The ONNX file of the network. Default: the built-in one, a small network that knows 200 classes of Tiny ImageNet.", HelpName = "FILE" };

    /// <summary>The files that the work reads and that are never an output.</summary>
    public IEnumerable<string> Inputs(VerbContext context) => context.Get(_model) is { } model ? [model] : [];

    /// <summary>All options, in the order of <c>--help</c>.</summary>
    public IEnumerable<Symbol> All => [_model, _pictures.Images, _cut, _pool, _poolMax, _recipe, _resize, .. _pictures.Bad];

    /// <summary>The pictures.</summary>
    public ImageDataset Images(VerbContext context) => _pictures.Dataset(context);

    /// <summary>The cache that features are kept in, or null; the caller disposes it.</summary>
    /// <param name="context">The command line.</param>
    /// <param name="memoryBytes">How much of it is kept in memory too: nothing where each entry is read once.</param>
    /// <exception cref="UsageException">Its folder is among the pictures.</exception>
    public ActivationCache? Cache(VerbContext context, long memoryBytes = 0)
    {
        if (context.Get(CacheFolder) is not { } folder) return null;
        RequireOutside(context, "--cache", folder);
        var log = new LineLogger(context.Log);
        return new ActivationCache(memoryBytes, folder, report: problem => log.LogWarning("{Problem}", problem.Message));
    }

    /// <summary>Refuses a folder among the pictures: what is written there would be taken for a class of pictures by the next call, or by this one when it is resumed.</summary>
    /// <exception cref="UsageException">The folder is among the pictures.</exception>
    public void RequireOutside(VerbContext context, string option, string folder)
    {
        string inside = Path.GetRelativePath(Path.GetFullPath(context.Get(_pictures.Images)!), Path.GetFullPath(folder));
        if (!Path.IsPathRooted(inside) && inside.Split(Path.DirectorySeparatorChar)[0] != "..") throw new UsageException($"{option} '{DisplayText.Escape(folder)}' lies among the pictures; name a folder outside of them");
    }

    /// <summary>The pipeline up to the features.</summary>
    /// <exception cref="UsageException">The network has no such value to cut at.</exception>
    public TransferPipeline Pipeline(VerbContext context, ulong seed = 0, ActivationCache? cache = null)
    {
        var pipeline = Network(context).With(_pictures.Options(context) with { Seed = unchecked((long)seed), Cache = cache });
        if (context.Get(_resize)) pipeline = UsageException.Of(pipeline.ResizeInput);
        if (context.Get(_pool) && context.Get(_poolMax)) throw new UsageException("--pool averages, --pool-max takes the average and the greatest number; give one of them");
        var pooling = context.Get(_poolMax) ? Pooling.GlobalAverageAndMax : context.Get(_pool) ? Pooling.GlobalAverage : Pooling.None;
        return UsageException.Of(() => context.Get(_cut) is { } cut ? pipeline.TruncateAt(cut, pooling) : pooling == Pooling.GlobalAverageAndMax ? pipeline.TruncateAt(CutPoints.LastConv, pooling) : pipeline.WithoutHead());
    }

    private TransferPipeline Network(VerbContext context)
    {
        string? model = context.Get(_model), recipe = context.Get(_recipe);
        if (model is null) return recipe is null ? TransferPipeline.FromPretrained() : TransferPipeline.FromPretrained().Preprocess(InputRecipe.FromNameOrFile(recipe));
        if (recipe is null) throw new UsageException("--recipe says how pictures are made ready for the network of --model; give both");
        return TransferPipeline.FromOnnx(model, context.Limits).Preprocess(InputRecipe.FromNameOrFile(recipe));
    }
}
