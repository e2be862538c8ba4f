using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;

namespace ConvTransfer.Pipelines;

/// <summary>Makes pictures fit to be tried on after each epoch.</summary>
internal static class HeldOutPictures
{
    /// <summary>The pictures with the class numbers of those that are trained on; those of other classes are left out.</summary>
    /// <exception cref="ConvTransferException">None is left.</exception>
    public static ImageDataset Aligned(ImageDataset heldOut, ImageDataset images)
    {
        var known = images.Classes.ToValueList();
        int[] number = [.. heldOut.Classes.Select(known.IndexOf)];
        var aligned = new ImageDataset(images.Classes, heldOut.Items.Where(i => number[i.Label] >= 0).Select(i => i with { Label = number[i.Label] }));
        return aligned.Count > 0 ? aligned
            : throw new ConvTransferException(FailureCause.DataInvalid, $"none of the held-out pictures is of a class that is trained on; theirs are {DisplayText.List(heldOut.Classes)}, those to train on are {DisplayText.List(images.Classes)}");
    }

    /// <summary>The pictures that can be read: bad ones are left out before the training, and do not end it when it comes to them.</summary>
    /// <exception cref="ConvTransferException">More pictures are bad than the options allow, or none is left.</exception>
    public static ImageDataset Readable(ImageDataset heldOut, PipelineOptions options, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        bool[] kept = PictureLoop.Run(heldOut, "held-out pictures", options, (_, _, _) => { }, progress, cancellationToken).Kept;
        var readable = new ImageDataset(heldOut.Classes, heldOut.Items.Where((_, i) => kept[i]));
        return readable.Count > 0 ? readable : throw new ConvTransferException(FailureCause.DataInvalid, "no held-out picture can be read");
    }
}
