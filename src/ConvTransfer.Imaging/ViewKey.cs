namespace ConvTransfer.Imaging;

/// <summary>Says which view of which picture is wanted: all that its random numbers depend on. Equal keys give equal pixels, in any order and on any thread.</summary>
/// <param name="Seed">The seed of the whole run.</param>
/// <param name="View">The epoch, or the number of the view where each picture has a fixed number of them.</param>
/// <param name="Sample">The index of the picture in its data set.</param>
public readonly record struct ViewKey(long Seed, long View, long Sample);
