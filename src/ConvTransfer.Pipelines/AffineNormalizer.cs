using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>Moves and scales each feature: y = (x - offset) · scale, in float32. Min-max, mean-variance and robust scaling all have this form.</summary>
public sealed record AffineNormalizer
{
    /// <summary>Creates a normalizer.</summary>
    /// <param name="offset">What is subtracted, one number for each feature; null to subtract nothing.</param>
    /// <param name="scale">What the difference is multiplied by, one number for each feature.</param>
    /// <exception cref="ArgumentException">There is no feature, or the lengths differ.</exception>
    /// <exception cref="ConvTransferException">A number is not finite.</exception>
    public AffineNormalizer(ValueList<float>? offset, ValueList<float> scale)
    {
        if (scale.Count == 0) throw new ArgumentException("a normalizer needs at least one feature", nameof(scale));
        if (offset is { } given && given.Count != scale.Count) throw new ArgumentException($"{given.Count} offsets are given for {scale.Count} scales", nameof(offset));
        FiniteNumbers.Require(offset ?? [], "offset of the normalizer");
        FiniteNumbers.Require(scale, "scale of the normalizer");
        Offset = offset;
        Scale = scale;
    }

    /// <summary>What is subtracted, one number for each feature; null when nothing is.</summary>
    public ValueList<float>? Offset { get; }

    /// <summary>What the difference is multiplied by, one number for each feature.</summary>
    public ValueList<float> Scale { get; }

    /// <summary>The number of features.</summary>
    public int FeatureCount => Scale.Count;

    /// <summary>Normalizes features in place: two roundings to float32 each, as the two ONNX nodes that say the same.</summary>
    /// <exception cref="ArgumentException">Their number is not <see cref="FeatureCount"/>.</exception>
    public void Apply(Span<float> features)
    {
        if (features.Length != FeatureCount) throw new ArgumentException($"{features.Length} features are given, expected {FeatureCount}", nameof(features));
        var scale = Scale.AsSpan();
        if (Offset is { } given)
        {
            var offset = given.AsSpan();
            for (int i = 0; i < features.Length; i++) features[i] -= offset[i];
        }
        for (int i = 0; i < features.Length; i++) features[i] *= scale[i];
    }
}
