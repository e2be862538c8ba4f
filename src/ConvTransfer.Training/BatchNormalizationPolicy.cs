namespace ConvTransfer.Training;

/// <summary>What some batch normalizations do, whatever the others do.</summary>
/// <param name="Glob">Their names: of the node, of a value that it makes, or of one of its weights. * stands for any characters, ? for one.</param>
/// <param name="Policy">What they do.</param>
public sealed record BatchNormalizationRule(string Glob, BatchNormalizationPolicy Policy);

/// <summary>What a batch normalization does while its layer is trained. In a frozen layer it is always <see cref="Frozen"/>.</summary>
public enum BatchNormalizationPolicy
{
    /// <summary>It works with its running statistics, as when the network is used; nothing of it changes. The right choice for small batches and few pictures.</summary>
    Frozen,

    /// <summary>It works with its running statistics, which stay as they are; scale and shift are trained.</summary>
    AffineOnly,

    /// <summary>It works with the statistics of each batch; scale and shift are trained, and the running statistics follow the batches.</summary>
    Train,
}
