namespace ConvTransfer.Pipelines;

/// <summary>How well one class was told from the others.</summary>
/// <param name="Label">The class's name.</param>
/// <param name="Images">The number of images that are of the class.</param>
/// <param name="Predicted">The number of images that were taken for it.</param>
/// <param name="Correct">The number of images that are both.</param>
public sealed record ClassFigures(string Label, int Images, int Predicted, int Correct)
{
    /// <summary>Correct / predicted: how often the class is right when it is named. Null when it was never named.</summary>
    public double? Precision => Predicted == 0 ? null : (double)Correct / Predicted;

    /// <summary>Correct / images: how much of the class was found. Null when no image is of the class.</summary>
    public double? Recall => Images == 0 ? null : (double)Correct / Images;

    /// <summary>2 · correct / (images + predicted), the harmonic mean of precision and recall. Null when both numbers are 0.</summary>
    public double? F1 => Images + Predicted == 0 ? null : 2.0 * Correct / (Images + Predicted);
}
