using ConvTransfer.Pipelines;
using Microsoft.ML;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms;

namespace ConvTransfer.MLNet;

/// <summary>Heads that ML.NET fits. They can be exported when they are LbfgsMaximumEntropy or SdcaMaximumEntropy, with affine normalizers before it.</summary>
public static class MlNetHeads
{
    /// <summary>A head of an estimator.</summary>
    /// <param name="estimator">Makes the estimator for a context. It is given the columns "Features" (a vector of known size) and "Label" (a key whose order is that of the class names).
    /// It is called for a trial on a few made-up rows, before any image is read, and for each fit.</param>
    /// <remarks>The options are the estimator's own: the defaults of ML.NET, L1 = 1 and several threads, are rarely the best and not repeatable on other machines. <see cref="Of(HeadOptions)"/> has better ones.</remarks>
    public static HeadTrainer Of(Func<MLContext, IEstimator<ITransformer>> estimator)
    {
        ArgumentNullException.ThrowIfNull(estimator);
        return new MlNetHeadTrainer(estimator);
    }

    /// <summary>A head by options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative or not finite.</exception>
    public static HeadTrainer Of(HeadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!(options.L1 >= 0 && float.IsFinite(options.L1))) throw new ArgumentOutOfRangeException(nameof(options), options.L1, "L1 must be a finite number from 0");
        if (options.L2 is { } l2 && !(l2 >= 0 && float.IsFinite(l2))) throw new ArgumentOutOfRangeException(nameof(options), l2, "L2 must be a finite number from 0");
        return new MlNetHeadTrainer(context => Normalizer(context, options.Normalization) is { } normalizer ? normalizer.Append(Trainer(context, options)) : Trainer(context, options));
    }

    private static IEstimator<ITransformer> Trainer(MLContext context, HeadOptions options) => options.Algorithm switch
    {
        HeadAlgorithm.Lbfgs => context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options
        {
            L1Regularization = options.L1,
            L2Regularization = options.L2 ?? 1,
            NumberOfThreads = 1,
        }),
        HeadAlgorithm.Sdca => context.MulticlassClassification.Trainers.SdcaMaximumEntropy(new SdcaMaximumEntropyMulticlassTrainer.Options
        {
            L1Regularization = options.L1,
            L2Regularization = options.L2,
            NumberOfThreads = 1,
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Algorithm, "there is no such algorithm"),
    };

    private static NormalizingEstimator? Normalizer(MLContext context, FeatureNormalization normalization) => normalization switch
    {
        FeatureNormalization.None => null,
        FeatureNormalization.MinMax => context.Transforms.NormalizeMinMax(FeatureView.Features, fixZero: false),
        FeatureNormalization.MeanVariance => context.Transforms.NormalizeMeanVariance(FeatureView.Features, fixZero: false, useCdf: false),
        FeatureNormalization.RobustScaling => context.Transforms.NormalizeRobustScaling(FeatureView.Features),
        _ => throw new ArgumentOutOfRangeException(nameof(normalization), normalization, "there is no such normalization"),
    };
}
