namespace ConvTransfer.Imaging;

/// <summary>A picture file and its class.</summary>
/// <param name="Path">The file.</param>
/// <param name="Label">The index of its class in <see cref="ImageDataset.Classes"/>.</param>
public sealed record LabelledImage(string Path, int Label);

/// <summary>A file that is no part of a data set, and why.</summary>
public sealed record IgnoredFile(string Path, string Reason);

/// <summary>Two parts of a data set.</summary>
/// <param name="Train">What is learnt from.</param>
/// <param name="Test">What is held out.</param>
public sealed record ImageSplit(ImageDataset Train, ImageDataset Test);
