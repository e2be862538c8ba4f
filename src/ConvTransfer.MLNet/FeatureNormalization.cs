namespace ConvTransfer.MLNet;

/// <summary>How features are normalized before the classifier, each by numbers of its own that are taken from the training images.</summary>
public enum FeatureNormalization
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>(x - min) / (max - min): the training images fill 0 to 1.</summary>
    MinMax,

    /// <summary>(x - mean) / standard deviation.</summary>
    MeanVariance,

    /// <summary>(x - median) / (third - first quartile). Refused where a feature's quartiles are equal.</summary>
    RobustScaling,
}
