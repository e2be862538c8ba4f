namespace ConvTransfer.Training;

/// <summary>What a random number of a training is for: part of its key, so that no two purposes share numbers.</summary>
internal static class RandomPurpose
{
    public const long Order = 0x0101, Mixing = 0x0102, Dropout = 0x0103;
}
