using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;

namespace ConvTransfer.Pipelines;

public sealed partial class TransferModel
{
    /// <summary>The figures on labelled pictures. Classes are matched by name; pictures of a class that the model does not know are counted apart.</summary>
    /// <param name="images">The pictures.</param>
    /// <param name="options">How many bad pictures are allowed, and who is told of them; null for the defaults. Threads are the model's own.</param>
    /// <param name="progress">Told after every picture, or null.</param>
    /// <param name="cancellationToken">Stops before the next picture.</param>
    /// <exception cref="ConvTransferException">More pictures are bad than allowed; all are named.</exception>
    public Figures Evaluate(ImageDataset images, PipelineOptions? options = null, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        options = (options ?? PipelineOptions.Default) with { Threads = _sessions.Threads, Limits = _limits };
        var scores = new ValueList<float>[images.Count];
        var (_, kept) = PictureLoop.Run(images, "evaluate", options, (_, index, picture) => scores[index] = Predict(picture, images.Items[index].Path, sideBySide: true).Scores, progress, cancellationToken);
        int[] known = [.. images.Classes.Select(Labels.IndexOf)];
        int[] seen = [.. Enumerable.Range(0, images.Count).Where(i => kept[i])];
        return Pipelines.Figures.Of(Labels, [.. seen.Select(i => known[images.Items[i].Label])], [.. seen.Select(i => scores[i])]);
    }
}
