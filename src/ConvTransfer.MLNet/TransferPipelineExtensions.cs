using ConvTransfer.Pipelines;
using Microsoft.ML;

namespace ConvTransfer.MLNet;

/// <summary>Heads of ML.NET's for a <see cref="TransferPipeline"/>.</summary>
public static class TransferPipelineExtensions
{
    /// <summary>Sets the head that is fitted to the features: an estimator of ML.NET's.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="estimator">Makes the estimator, such as <c>ml => ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy()</c>.</param>
    /// <inheritdoc cref="MlNetHeads.Of(Func{MLContext, IEstimator{ITransformer}})"/>
    public static TransferPipeline Classify(this TransferPipeline pipeline, Func<MLContext, IEstimator<ITransformer>> estimator)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return pipeline.Classify(MlNetHeads.Of(estimator));
    }

    /// <summary>Sets the head that is fitted to the features by this project's options.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="options">The options; null for the defaults.</param>
    public static TransferPipeline Classify(this TransferPipeline pipeline, HeadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return pipeline.Classify(MlNetHeads.Of(options ?? new HeadOptions()));
    }
}
