using ConvTransfer.Core;
using ConvTransfer.Runtime.Caching;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ConvTransfer.Pipelines;

/// <summary>How a pipeline works, beside what it computes.</summary>
public sealed record PipelineOptions
{
    /// <summary>The options used where the caller gives none.</summary>
    public static PipelineOptions Default { get; } = new();

    /// <summary>The number of pictures that are worked on at a time; 0 for one per processor. Results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>The share of the pictures that may be unreadable. Those are left out, each with a warning; beyond it the work is refused. 0 refuses at the first one.</summary>
    public double MaxBadShare { get; init; } = 0.01;

    /// <summary>The seed of every random choice.</summary>
    public long Seed { get; init; }

    /// <summary>How much a model or a picture may ask for.</summary>
    public Limits Limits { get; init; } = Limits.Default;

    /// <summary>The cache of features, and of what the frozen part of a fine-tuned network gives; the caller's to dispose. With null features are computed anew, and a fine-tuning keeps what it needs in memory of its own.</summary>
    public ActivationCache? Cache { get; init; }

    /// <summary>Takes what there is to say, such as a picture that was left out.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The number of threads to use.</summary>
    internal int Workers => Threads == 0 ? Environment.ProcessorCount : Threads;

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        if (!(MaxBadShare >= 0 && MaxBadShare <= 1)) throw new ArgumentOutOfRangeException(nameof(MaxBadShare), MaxBadShare, "the share of unreadable pictures lies between 0 and 1");
    }
}
