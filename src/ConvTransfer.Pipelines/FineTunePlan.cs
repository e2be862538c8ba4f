using System.Globalization;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>What a fine-tuning takes, known before it starts.</summary>
/// <param name="Training">What the training behind the frozen part takes.</param>
/// <param name="Pictures">The pictures of an epoch.</param>
/// <param name="FrozenMultiplyAdds">Multiplications with addition of the frozen part for one picture; each view that is kept runs it once. 0 where nothing is frozen; null when it cannot be told.</param>
/// <param name="KeptBytes">Bytes of what the frozen part gives for all views that are kept, at the frontiers of all phases, in memory or in the cache's folder.</param>
/// <param name="Foldable">Convolutions to train that have a bias and no batch normalization behind them: one may have been folded into them. 0 where they are restored.</param>
public sealed record FineTunePlan(TrainingPlan Training, int Pictures, long? FrozenMultiplyAdds, long KeptBytes, int Foldable)
{
    /// <summary>The plan as lines.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"plan: {Training}, {Training.MultiplyAddsPerEpoch(Pictures) / 1e9:0.###} G for an epoch{(FrozenMultiplyAdds == 0 ? "" : $"\nplan: the frozen part takes {FrozenMultiplyAdds / 1e9:0.###} G multiply-adds for a view of a picture{(KeptBytes > 0 ? $", once; keeping what it gives takes up to {KeptBytes / 1048576.0:0.0} MiB" : ", in every epoch")}")}{(Foldable == 0 ? "" : $"\nplan: {Foldable} convolutions to train have a bias and no batch normalization behind them; where an exporter has folded it in, it can be restored for the training")}");
}
