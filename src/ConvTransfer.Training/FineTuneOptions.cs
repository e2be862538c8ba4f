using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>The optimisers.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent, with momentum.</summary>
    Sgd,

    /// <summary>Adam; weight decay is part of the gradient.</summary>
    Adam,

    /// <summary>Adam with weight decay of its own.</summary>
    AdamW,
}

/// <summary>How a network is fine-tuned. The defaults suit a few hundred to a few thousand pictures.</summary>
public sealed record FineTuneOptions
{
    /// <summary>The defaults.</summary>
    public static FineTuneOptions Default { get; } = new();

    /// <summary>How often every sample is seen.</summary>
    public int Epochs { get; init; } = 15;

    /// <summary>Samples in a batch. With fewer samples than that, a batch is all of them. The last batch of an epoch is filled up with the epoch's first samples.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>The optimiser.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>The learning rate of the new head.</summary>
    public double HeadRate { get; init; } = 3e-3;

    /// <summary>The learning rate of the last layer of the network's own that is trained.</summary>
    public double BodyRate { get; init; } = 3e-4;

    /// <summary>The factor on <see cref="BodyRate"/> for each layer that lies further from the result: 1 for one rate throughout.</summary>
    public double LayerDecay { get; init; } = 1;

    /// <summary>Weight decay of what dense layers and convolutions multiply by. Biases, the scales and shifts of normalizations, and slopes have none.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>The momentum of <see cref="OptimizerKind.Sgd"/>.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>True for Nesterov's form of the momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>The decay of Adam's first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay of Adam's second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>What keeps Adam's divisor from 0.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>How the rates go over the steps.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine with { WarmUpEpochs = 1 };

    /// <summary>The share of the target that is spread over all classes: 0 for none. Source: Szegedy et al., 2016.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>True to weigh each class so that all count the same, however many samples they have.</summary>
    public bool BalanceClasses { get; init; }

    /// <summary>How much a sample of each class counts in the loss, one positive number for each class; empty for all alike. Only their ratios matter.</summary>
    public ValueList<double> ClassWeights { get; init; }

    /// <summary>The greatest norm of the gradient over all weights: a longer one is shortened to it. 0 for none.</summary>
    public double ClipNorm { get; init; } = 5;

    /// <summary>Batches whose gradients are averaged for one step of the optimiser.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>The decay of the running average of the weights, which then is the result: 0 for none, 0.99 to 0.9999 otherwise.</summary>
    public double AverageDecay { get; init; }

    /// <summary>Ends when the loss on the held-out samples has not fallen for so many epochs, with the best weights: 0 for never.</summary>
    public int Patience { get; init; }

    /// <summary>Mixes pairs of samples and their targets by a share drawn from Beta(alpha, alpha): 0 for none. Behind frozen layers the values there are mixed. Source: Zhang et al., Mixup, 2018.</summary>
    public double MixupAlpha { get; init; }

    /// <summary>
    /// Puts a box of another sample into each, and mixes the targets by what is left of it. The box leaves a share drawn from Beta(alpha, alpha): 0 for none. Behind frozen layers it is cut from
    /// the values there, which must have spatial axes. Where <see cref="MixupAlpha"/> is above 0 too, one of both is drawn for each batch. Source: Yun et al., CutMix, 2019.
    /// </summary>
    public double CutMixAlpha { get; init; }

    /// <summary>When less is frozen than at the start: later phases of the training, in their order. The schedule of the rates runs over all epochs; moments of what stays trained are kept.</summary>
    public ValueList<UnfreezePhase> Unfreeze { get; init; }

    /// <summary>What batch normalizations in layers that are trained do.</summary>
    public BatchNormalizationPolicy BatchNormalization { get; init; } = BatchNormalizationPolicy.Frozen;

    /// <summary>Batch normalizations that do something else than <see cref="BatchNormalization"/>; the last rule that names one decides. In a frozen layer they are frozen whatever a rule says.</summary>
    public ValueList<BatchNormalizationRule> BatchNormalizationRules { get; init; }

    /// <summary>The part by which a running statistic moves to the batch's in a step.</summary>
    public double StatisticsMomentum { get; init; } = 0.1;

    // The greatest float below 1: at 1 a moment would never move.
    private static readonly double Below1 = MathF.BitDecrement(1);

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    /// <exception cref="ArgumentException">Two values contradict each other.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Epochs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Accumulate, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Patience);
        Within(HeadRate, 0, float.MaxValue, nameof(HeadRate));
        Within(BodyRate, 0, float.MaxValue, nameof(BodyRate));
        Within(LayerDecay, 0, 1, nameof(LayerDecay));
        Within(WeightDecay, 0, float.MaxValue, nameof(WeightDecay));
        Within(Momentum, 0, 1, nameof(Momentum));
        Within(Beta1, 0, Below1, nameof(Beta1));
        Within(Beta2, 0, Below1, nameof(Beta2));
        Within(Epsilon, float.Epsilon, float.MaxValue, nameof(Epsilon));
        Within(LabelSmoothing, 0, 1, nameof(LabelSmoothing));
        Within(ClipNorm, 0, double.MaxValue, nameof(ClipNorm));
        Within(AverageDecay, 0, 1, nameof(AverageDecay));
        Within(MixupAlpha, 0, double.MaxValue, nameof(MixupAlpha));
        Within(CutMixAlpha, 0, double.MaxValue, nameof(CutMixAlpha));
        Within(StatisticsMomentum, 0, 1, nameof(StatisticsMomentum));
        for (int i = 0; i < Unfreeze.Count; i++)
        {
            int before = i == 0 ? 0 : Unfreeze[i - 1].Epoch;
            if (Unfreeze[i].Epoch <= before || Unfreeze[i].Epoch >= Epochs) throw new ArgumentOutOfRangeException(nameof(Unfreeze), Unfreeze[i].Epoch, $"a phase begins after {before + 1} to {Epochs - 1} epochs: phases are in their order, and before the last epoch");
        }
        foreach (double weight in ClassWeights)
            if (!(double.IsFinite(weight) && weight > 0)) throw new ArgumentOutOfRangeException(nameof(ClassWeights), weight, "a class counts with a finite number above 0");
        if (BalanceClasses && ClassWeights.Count > 0) throw new ArgumentException($"{nameof(BalanceClasses)} and {nameof(ClassWeights)} are two ways to weigh the classes; set one of them");
    }

    private static void Within(double value, double least, double most, string name)
    {
        if (!(value >= least && value <= most)) throw new ArgumentOutOfRangeException(name, value, $"expected {least} to {most}");
    }
}
