namespace ConvTransfer.Operators.Internal;

/// <summary>The internal domain's table of contents: what gradients need and the standard does not have. No file may hold these operators.</summary>
internal static class GradientOperators
{
    /// <summary>The domain.</summary>
    public const string Domain = "convtransfer.gradient";

    /// <summary>The domain's only version.</summary>
    public const int Version = 1;

    public static Operator[] All { get; } =
    [
        new ConvInputGradient(),
        new ConvWeightGradient(),
        new MaxPoolGradient(),
        new AveragePoolGradient(),
        new AxisScatter(),
        new ElementScatter(),
        new ClipGradient(),
        new BatchStatisticsNormalization(),
        new BatchNormalizationGradient(),
        new LabelLossGradient(),
        new ProductGradient(),
    ];
}
