using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>What a fine-tuning takes, known before it starts.</summary>
/// <param name="Training">What the training behind the frozen part takes.</param>
/// <param name="Pictures">The pictures of an epoch.</param>
public sealed record FineTunePlan(TrainingPlan Training, int Pictures)
{
    /// <summary>Multiplications with addition of the frozen part for one picture; each view that is kept runs it once. 0 where nothing is frozen; null when it cannot be told.</summary>
    public long? FrozenMultiplyAdds { get; init; }

    /// <summary>Bytes of native memory for running the frozen part, on all threads: packed weights, and the values between its layers.</summary>
    public long FrozenBytes { get; init; }

    /// <summary>Bytes of what the frozen part gives for all views that are kept, at the frontiers of all phases, in memory or in the cache's folder.</summary>
    public long KeptBytes { get; init; }

    /// <summary>Bytes of memory that may be taken for that.</summary>
    public long CacheMemoryBytes { get; init; }

    /// <summary>Bytes that may be kept in the cache's folder; 0 where there is none.</summary>
    public long CacheDiskBytes { get; init; }

    /// <summary>Bytes of native memory for trying the network on held-out pictures; 0 where there are none.</summary>
    public long HeldOutBytes { get; init; }

    /// <summary>Convolutions to train that have a bias and no batch normalization behind them: one may have been folded into them. 0 where they are restored.</summary>
    public int Foldable { get; init; }

    /// <summary>How much of the network is trained.</summary>
    public required TrainingScope Scope { get; init; }

    /// <summary>Bytes of memory in all, beside the program, the network as it was read, and the pictures that are being decoded.</summary>
    public long Bytes => Training.Bytes + FrozenBytes + Math.Min(KeptBytes, CacheMemoryBytes) + HeldOutBytes;

    /// <summary>The plan as lines.</summary>
    public override string ToString()
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"plan: {Training}, {Training.MultiplyAddsPerEpoch(Pictures) / 1e9:0.###} G for an epoch");
        text += $"\nplan: {Scope}";
        if (HeldOutBytes > 0) text += string.Create(CultureInfo.InvariantCulture, $"\nplan: trying the network on held-out pictures takes {DisplayText.Mebi(HeldOutBytes)}");
        if (FrozenMultiplyAdds == 0) text += "\nplan: nothing is frozen, so nothing is computed ahead and kept";
        else text += string.Create(CultureInfo.InvariantCulture, $"\nplan: the frozen part takes {FrozenMultiplyAdds / 1e9:0.###} G multiply-adds for a view of a picture, {Often()}, and {DisplayText.Mebi(FrozenBytes)}{(KeptBytes > 0 ? $"; keeping what it gives takes up to {DisplayText.Mebi(KeptBytes)}" : "")}");
        if (Foldable > 0) text += string.Create(CultureInfo.InvariantCulture, $"\nplan: {Foldable} convolutions to train have a bias and no batch normalization behind them; where an exporter has folded it in, it can be restored for the training");
        return text;

        string Often()
        {
            long room = Math.Max(CacheMemoryBytes, CacheDiskBytes);
            return KeptBytes == 0 ? "in every epoch" : KeptBytes <= room ? "once" : string.Create(CultureInfo.InvariantCulture, $"once where what it gives can be kept, for which there is room for {100.0 * room / KeptBytes:0} %, and for the rest in every epoch");
        }
    }

    /// <summary>Refuses a plan that does not fit; what is kept takes no more than there is room for.</summary>
    /// <exception cref="ConvTransferException">It does not.</exception>
    internal void Require(Limits limits, string? file)
    {
        long bytes = Training.Bytes + FrozenBytes + HeldOutBytes;
        if (bytes <= limits.MemoryBytes) return;
        throw new ConvTransferException(FailureCause.Limit, $"the training needs {Training.Bytes} bytes, its frozen part {FrozenBytes} and held-out pictures {HeldOutBytes}: together {bytes}, beyond the memory limit of {limits.MemoryBytes} bytes. A smaller batch needs less, and so do fewer threads for the frozen part", file);
    }
}
