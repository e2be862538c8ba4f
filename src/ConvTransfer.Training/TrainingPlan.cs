using System.Globalization;
using ConvTransfer.Core;

namespace ConvTransfer.Training;

/// <summary>What a training takes, known before its first step. Native memory is taken when the training is prepared, and a step takes no more.</summary>
/// <param name="TrainedWeights">The number of weights that are trained.</param>
/// <param name="WeightBytes">Bytes of these weights and of the running statistics that follow the batches.</param>
/// <param name="ActivationBytes">Bytes of the values of a batch between the layers, forward and backward, and of working memory: the arena without the gradients of the weights.</param>
/// <param name="GradientBytes">Bytes of the gradients of the weights.</param>
/// <param name="InputBytes">Bytes of a batch at the frontier between what is frozen and what is trained, and of constants, frozen layers above the frontier included.</param>
/// <param name="OptimizerBytes">Bytes of managed memory for the optimiser's moments, the running average, accumulated gradients, the best weights, the copy that a checkpoint or the result is made from, and that of a batch that is mixed.</param>
/// <param name="BatchSize">The samples of a batch.</param>
/// <param name="MultiplyAddsPerBatch">Multiplications with addition of a step, forward and backward, behind the frontier.</param>
public sealed record TrainingPlan(long TrainedWeights, long WeightBytes, long ActivationBytes, long GradientBytes, long InputBytes, long OptimizerBytes, int BatchSize, long MultiplyAddsPerBatch)
{
    /// <summary>Bytes of native memory beside these for trying the network on held-out samples after each epoch, where there are any.</summary>
    public long HeldOutBytes { get; init; }

    /// <summary>Bytes of native memory.</summary>
    public long NativeBytes => WeightBytes + ActivationBytes + GradientBytes + InputBytes;

    /// <summary>Bytes in all, <see cref="HeldOutBytes"/> apart.</summary>
    public long Bytes => NativeBytes + OptimizerBytes;

    /// <summary>Multiplications with addition of an epoch behind the frontier.</summary>
    /// <param name="samples">The samples of an epoch; the last batch is filled up.</param>
    public double MultiplyAddsPerEpoch(int samples) => (double)MultiplyAddsPerBatch * ((samples + BatchSize - 1) / BatchSize);

    /// <summary>The plan in a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{TrainedWeights} weights to train; {DisplayText.Mebi(Bytes)} of memory: activations {DisplayText.Mebi(ActivationBytes)}, gradients {DisplayText.Mebi(GradientBytes)}, optimiser {DisplayText.Mebi(OptimizerBytes)}, weights {DisplayText.Mebi(WeightBytes)}, inputs {DisplayText.Mebi(InputBytes)}; {MultiplyAddsPerBatch / 1e9:0.###} G multiply-adds for a batch of {BatchSize}");

    /// <summary>What the phase that a training is in takes.</summary>
    internal static TrainingPlan Of(FineTuneOptions options, PreparedTraining training)
    {
        long trained = Count(training.Phases[^1].Split), gradients = Count(training.Current.Split) * sizeof(float);
        int copies = 2 + (options.Optimizer == OptimizerKind.Sgd ? 1 : 2) + (options.AverageDecay > 0 ? 1 : 0) + (options.Accumulate > 1 ? 1 : 0);
        long mixed = options.MixupAlpha == 0 && options.CutMixAlpha == 0 ? 0 : training.Step.Frontier.Append(training.Step.Target).Max(t => t.ElementCount);
        return new TrainingPlan(trained, training.Weights.All.Sum(t => t.NativeBytes), training.Step.ArenaBytes - gradients, gradients, training.Step.InputBytes, ((trained * copies) + mixed) * sizeof(float), options.BatchSize, training.Step.MultiplyAdds);
    }

    private static long Count(NetworkSplit split) => split.Parameters.Sum(p => split.Initializer(p).Shape.ElementCount);
}
