namespace ConvTransfer.Training;

/// <summary>How the learning rate goes over the steps of a training, as a factor on the rate of each group of layers.</summary>
/// <remarks>Sources: Loshchilov and Hutter, SGDR, 2017 (cosine); Smith and Topin, Super-Convergence, 2018 (one-cycle); Goyal et al., 2017 (warm-up).</remarks>
public sealed record LearningRateSchedule
{
    // As much as one-cycle rises by default; more would leave a short training little of its rate.
    private const double LongestWarmUp = 0.25;

    private enum Kind
    {
        Constant,
        Step,
        Cosine,
        OneCycle,
        Plateau,
    }

    private Kind Form { get; init; }

    private double EpochsPerStep { get; init; } = 1;

    private double Factor { get; init; } = 1;

    private int Patience { get; init; }

    private double RisingShare { get; init; }

    /// <summary>Epochs over which the rate rises linearly from almost 0 before the schedule begins; 0 for none. They are at most a quarter of the training: one of fewer epochs than four times as many warms up for a quarter of its steps, and has the rest at the rate of the schedule.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative or not finite.</exception>
    public double WarmUpEpochs
    {
        get;
        init
        {
            Require(value >= 0 && double.IsFinite(value), value, "expected a finite number, 0 or more", nameof(WarmUpEpochs));
            field = value;
        }
    }

    /// <summary>The same rate throughout.</summary>
    public static LearningRateSchedule Constant { get; } = new();

    /// <summary>Half a cosine from the rate down to 0 at the end.</summary>
    public static LearningRateSchedule Cosine { get; } = new() { Form = Kind.Cosine };

    /// <summary>The rate is multiplied by a factor after every so many epochs.</summary>
    public static LearningRateSchedule Step(double epochs, double factor = 0.1)
    {
        Require(epochs > 0 && double.IsFinite(epochs), epochs, "expected a finite number above 0", nameof(epochs));
        Require(factor > 0 && double.IsFinite(factor), factor, "expected a finite number above 0", nameof(factor));
        return new() { Form = Kind.Step, EpochsPerStep = epochs, Factor = factor };
    }

    /// <summary>Up from 1/25 of the rate along a cosine, then down to 1/100,000 of it.</summary>
    /// <param name="risingShare">The share of the steps in which it rises, above 0 and below 1.</param>
    public static LearningRateSchedule OneCycle(double risingShare = 0.25)
    {
        Require(risingShare is > 0 and < 1, risingShare, "expected more than 0 and less than 1", nameof(risingShare));
        return new() { Form = Kind.OneCycle, RisingShare = risingShare };
    }

    /// <summary>The rate is multiplied by a factor whenever the loss on the held-out samples, or on those trained on where none are held out, has not fallen for some epochs.</summary>
    public static LearningRateSchedule Plateau(int patience = 3, double factor = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(patience);
        Require(factor is > 0 and < 1, factor, "expected more than 0 and less than 1", nameof(factor));
        return new() { Form = Kind.Plateau, Patience = patience, Factor = factor };
    }

    /// <summary>The factor on the rates in a step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="stepsPerEpoch">Steps in an epoch.</param>
    /// <param name="epochs">Epochs in all.</param>
    /// <param name="reductions">How often <see cref="IsReduced"/> said yes so far.</param>
    internal double At(long step, long stepsPerEpoch, int epochs, int reductions)
    {
        double steps = stepsPerEpoch * (double)epochs, warmUp = Math.Min(WarmUpEpochs * stepsPerEpoch, LongestWarmUp * steps);
        if (step < warmUp) return (step + 1) / (warmUp + 1);
        double done = (step - warmUp) / Math.Max(1, steps - warmUp);
        return Form switch
        {
            Kind.Step => Math.Pow(Factor, Math.Floor((step - warmUp) / (EpochsPerStep * stepsPerEpoch))),
            Kind.Cosine => 0.5 * (1 + Math.Cos(Math.PI * done)),
            Kind.OneCycle => done < RisingShare ? Along(1 / 25.0, 1, done / RisingShare) : Along(1, 1e-5, (done - RisingShare) / (1 - RisingShare)),
            Kind.Plateau => Math.Pow(Factor, reductions),
            _ => 1,
        };
    }

    /// <summary>The form and all its numbers as text.</summary>
    internal string Describe() => FormattableString.Invariant($"{Form}, warm-up {WarmUpEpochs}, step {EpochsPerStep}, factor {Factor}, patience {Patience}, rising {RisingShare}");

    /// <summary>True when, after an epoch that did not lower the loss, the rate is reduced.</summary>
    /// <param name="epochsWithoutGain">Epochs since the loss fell, or since the last reduction.</param>
    internal bool IsReduced(int epochsWithoutGain) => Form == Kind.Plateau && epochsWithoutGain > Patience;

    private static void Require(bool isRight, double value, string expected, string name)
    {
        if (!isRight) throw new ArgumentOutOfRangeException(name, value, expected);
    }

    private static double Along(double from, double to, double share) => to + ((from - to) * 0.5 * (1 + Math.Cos(Math.PI * share)));
}
