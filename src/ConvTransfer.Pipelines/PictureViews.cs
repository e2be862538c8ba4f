using ConvTransfer.Imaging;

namespace ConvTransfer.Pipelines;

/// <summary>How pictures are varied while a network is trained on them.</summary>
/// <param name="Augmentation">What a view gets.</param>
/// <param name="PerPicture">
/// How many views there are of each picture; in every epoch one of them is drawn. What the frozen part of the network gives for them is computed once and kept.
/// 0 for a new view in every epoch: then nothing can be kept.
/// </param>
public sealed record PictureViews(Augmentation Augmentation, int PerPicture)
{
    /// <summary>Pictures as they are.</summary>
    public static PictureViews Unvaried { get; } = new(Augmentation.None, 1);

    /// <summary>Mirrored or not, the default: right for most photographs, wrong for text and for what is told by its side.</summary>
    public static PictureViews Flips { get; } = new(Augmentation.Flips, 4);

    /// <summary>How many views there are of each picture.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int PerPicture { get; init; } = PerPicture >= 0 ? PerPicture : throw new ArgumentOutOfRangeException(nameof(PerPicture), PerPicture, "expected 0 or more views");

    /// <summary>True when what the frozen part gives can be kept.</summary>
    internal bool CanBeKept => Augmentation.IsNone || PerPicture > 0;

    /// <summary>How many views of a picture are kept at most.</summary>
    internal int Kept => Augmentation.IsNone ? 1 : PerPicture;

    /// <summary>The number of the view that an epoch sees; the same for all epochs of pictures that are not varied.</summary>
    internal long ViewIn(int epoch, long seed, long sample) =>
        Augmentation.IsNone ? 0 : PerPicture == 0 ? epoch : new Core.CounterRandom(seed, epoch, sample, ViewPurpose).Next(PerPicture);

    private const long ViewPurpose = 0x0201;
}
