using ConvTransfer.Core;

namespace ConvTransfer.Pipelines;

/// <summary>Fits a head to features. Fits of the same table with the same seed give the same bits.</summary>
public abstract class HeadTrainer
{
    /// <summary>Refuses what could not be exported, before the work begins.</summary>
    /// <exception cref="ConvTransferException">What is fitted has no form as ONNX nodes; it is named (<see cref="FailureCause.Unsupported"/>).</exception>
    public abstract void Check();

    /// <summary>Fits a head to all rows of a table.</summary>
    /// <param name="table">The features; at least two classes, each with an image.</param>
    /// <param name="seed">The seed of what is random in the fit.</param>
    /// <param name="cancellationToken">Stops before or after the fit.</param>
    /// <exception cref="ConvTransferException">The head cannot be fitted to these features, or has no form as ONNX nodes.</exception>
    public abstract LinearHead Fit(FeatureTable table, long seed, CancellationToken cancellationToken = default);
}
