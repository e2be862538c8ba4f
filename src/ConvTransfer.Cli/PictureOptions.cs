using System.CommandLine;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli;

/// <summary>The options that say which pictures, and what becomes of those that cannot be used.</summary>
internal sealed class PictureOptions
{
    private readonly Option<bool> _strict = new("--strict") { Description = "Refuse the work when a single picture cannot be used." };
    private readonly Option<double> _maxBad = CommonOptions.Number("--max-bad", "The percentage of pictures that may be left out because they cannot be used, each with a warning. 0 to 100.", 0, 100, 1);

    /// <summary>The folder.</summary>
    public Option<string> Images { get; } = new("--images") { Description = "The folder of pictures: a folder for each class, named after it.", HelpName = "DIR", Required = true };

    /// <summary>What becomes of pictures that cannot be used.</summary>
    public IEnumerable<Symbol> Bad => [_strict, _maxBad];

    /// <summary>The pictures.</summary>
    public ImageDataset Dataset(VerbContext context) => ImageDataset.FromFolder(context.Get(Images)!);

    /// <summary>How to work, as the command line says.</summary>
    public PipelineOptions Options(VerbContext context)
    {
        if (context.Get(_strict) && context.IsGiven(_maxBad)) throw new UsageException("--strict allows no bad picture, --max-bad some; give one of them");
        return new PipelineOptions
        {
            Threads = context.Threads,
            MaxBadShare = context.Get(_strict) ? 0 : context.Get(_maxBad) / 100,
            Limits = context.Limits,
            Logger = new LineLogger(context.Log),
        };
    }
}
