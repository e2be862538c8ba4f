namespace ConvTransfer.MLNet;

/// <summary>A head with this project's defaults, which differ from ML.NET's: L1 is 0 and one thread fits, so that the same images give the same bytes.</summary>
/// <remarks>ML.NET's own default for L-BFGS is L1 = 1, which sets many weights to 0 and was less accurate on the features of networks.</remarks>
public sealed record HeadOptions
{
    /// <summary>The algorithm.</summary>
    public HeadAlgorithm Algorithm { get; init; } = HeadAlgorithm.Lbfgs;

    /// <summary>What is done to the features first.</summary>
    public FeatureNormalization Normalization { get; init; } = FeatureNormalization.None;

    /// <summary>The weight of the sum of the absolute weights.</summary>
    public float L1 { get; init; }

    /// <summary>The weight of the sum of the squared weights; null for 1 with L-BFGS, and with SDCA for what ML.NET chooses by the number of images.</summary>
    public float? L2 { get; init; }
}
