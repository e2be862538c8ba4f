using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using Microsoft.Extensions.Logging;

namespace ConvTransfer.Pipelines;

/// <summary>Reads the pictures of a data set and does something with each, several at a time. Bad pictures are left out and named, or refused together.</summary>
internal static class PictureLoop
{
    /// <summary>Runs <paramref name="use"/> for every picture that can be read.</summary>
    /// <param name="images">The pictures.</param>
    /// <param name="phase">What is being done, for the reports.</param>
    /// <param name="options">Threads, limits, how many bad pictures are allowed, and where to name them.</param>
    /// <param name="use">Takes the worker's number, the picture's index, and the picture; it may refuse it as <see cref="FailureCause.ImageInvalid"/>.</param>
    /// <param name="progress">Told after every picture, or null.</param>
    /// <param name="cancellationToken">Stops before the next picture.</param>
    /// <param name="isKnown">Takes the worker's number, the picture's index and the bytes of its file; says true when it need not be decoded. Null where all are.</param>
    /// <returns>The pictures that were left out, and for every picture whether it was kept.</returns>
    /// <exception cref="ConvTransferException">More pictures are bad than allowed: all are named. Or <paramref name="use"/> failed.</exception>
    public static (ValueList<SkippedImage> Skipped, bool[] Kept) Run(ImageDataset images, string phase, PipelineOptions options, Action<int, int, Tensor> use, IProgress<ProgressReport>? progress, CancellationToken cancellationToken,
        Func<int, int, byte[], bool>? isKnown = null)
    {
        options.Check();
        var faults = new ConvTransferException?[images.Count];
        int bad = 0;
        int allowed = (int)(options.MaxBadShare * images.Count);
        ImageLoop.Run(images.Count, options.Workers, phase, (worker, index) =>
        {
            string path = images.Items[index].Path;
            try
            {
                byte[] encoded = ImageReader.ReadEncoded(path, options.Limits);
                if (isKnown is not null && isKnown(worker, index, encoded)) return;
                using var picture = ImageReader.Decode(encoded, path, options.Limits);
                // Once the result is lost, pictures are only read to name every bad one.
                if (Volatile.Read(ref bad) <= allowed) use(worker, index, picture);
            }
            catch (ConvTransferException e) when (e.Cause is FailureCause.ImageInvalid || (e.Cause is FailureCause.Limit && e.File == path))
            {
                faults[index] = e;
                Interlocked.Increment(ref bad);
            }
        }, progress, cancellationToken);
        if (bad > allowed) throw TooMany(images, faults, bad, options.MaxBadShare);
        var skipped = new List<SkippedImage>();
        for (int i = 0; i < faults.Length; i++)
        {
            if (faults[i] is not { } fault) continue;
            skipped.Add(new SkippedImage(images.Items[i].Path, fault.Detail));
            options.Logger.LogWarning("picture {File} is left out: {Reason}", DisplayText.Escape(images.Items[i].Path, 4096), fault.Detail);
        }
        return (skipped.ToValueList(), [.. faults.Select(f => f is null)]);
    }

    private static ConvTransferException TooMany(ImageDataset images, ConvTransferException?[] faults, int bad, double maxShare)
    {
        var problems = new ProblemList();
        problems.Error(FailureCause.DataInvalid, string.Create(CultureInfo.InvariantCulture, $"{bad} of {images.Count} pictures cannot be used; allowed are {100 * maxShare:0.##} %. Repair or remove them, or allow more"));
        for (int i = 0; i < faults.Length; i++)
            if (faults[i] is { } fault) problems.Error(fault.Cause, $"{DisplayText.Escape(images.Items[i].Path)}: {fault.Detail}");
        try
        {
            problems.ThrowIfErrors(file: null);
        }
        catch (ConvTransferException e)
        {
            return e;
        }
        throw new InvalidOperationException("there are problems");
    }
}
