using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>The factors of the schedules, step by step, against numbers worked out by hand and the formulas of their papers.</summary>
public sealed class ScheduleTests
{
    private const int PerEpoch = 10, Epochs = 8;

    private static readonly Dictionary<string, LearningRateSchedule> Schedules = new()
    {
        ["constant"] = LearningRateSchedule.Constant,
        ["step"] = LearningRateSchedule.Step(2),
        ["step half"] = LearningRateSchedule.Step(0.5, 0.5),
        ["cosine"] = LearningRateSchedule.Cosine,
        ["one-cycle"] = LearningRateSchedule.OneCycle(),
        ["one-cycle 0.5"] = LearningRateSchedule.OneCycle(0.5),
        ["plateau"] = LearningRateSchedule.Plateau(3, 0.2),
    };

    // Of 80 steps, with the warm-up's number of epochs: 1/11 of the rate, 2/11, and so on to 10/11 in the first ten.
    [Theory]
    [InlineData("constant", 0, 0, 1)]
    [InlineData("constant", 0, 79, 1)]
    [InlineData("constant", 1, 0, 1 / 11.0)]
    [InlineData("constant", 1, 4, 5 / 11.0)]
    [InlineData("constant", 1, 9, 10 / 11.0)]
    [InlineData("constant", 1, 10, 1)]
    [InlineData("constant", 0.25, 0, 1 / 3.5)]
    [InlineData("constant", 0.25, 2, 3 / 3.5)]
    [InlineData("constant", 0.25, 3, 1)]
    [InlineData("step", 0, 0, 1)]
    [InlineData("step", 0, 19, 1)]
    [InlineData("step", 0, 20, 0.1)]
    [InlineData("step", 0, 39, 0.1)]
    [InlineData("step", 0, 40, 0.01)]
    [InlineData("step", 0, 79, 0.001)]
    [InlineData("step", 1, 9, 10 / 11.0)]
    [InlineData("step", 1, 29, 1)]
    [InlineData("step", 1, 30, 0.1)]
    [InlineData("step half", 0, 4, 1)]
    [InlineData("step half", 0, 5, 0.5)]
    [InlineData("step half", 0, 15, 0.125)]
    [InlineData("cosine", 0, 0, 1)]
    [InlineData("cosine", 0, 20, 0.853553390593273762)]
    [InlineData("cosine", 0, 40, 0.5)]
    [InlineData("cosine", 0, 60, 0.146446609406726238)]
    [InlineData("cosine", 0, 79, 0.000385481879638550)]
    [InlineData("cosine", 1, 9, 10 / 11.0)]
    [InlineData("cosine", 1, 10, 1)]
    [InlineData("cosine", 1, 45, 0.5)]
    [InlineData("one-cycle", 0, 0, 0.04)]
    [InlineData("one-cycle", 0, 10, 0.52)]
    [InlineData("one-cycle", 0, 20, 1)]
    [InlineData("one-cycle", 0, 50, 0.500005)]
    [InlineData("one-cycle 0.5", 0, 20, 0.52)]
    [InlineData("one-cycle 0.5", 0, 40, 1)]
    [InlineData("one-cycle 0.5", 0, 60, 0.500005)]
    [InlineData("plateau", 0, 79, 1)]
    [InlineData("plateau", 1, 0, 1 / 11.0)]
    public void AStepHasItsFactor(string schedule, double warmUp, int step, double expected) =>
        Assert.Equal(expected, (Schedules[schedule] with { WarmUpEpochs = warmUp }).At(step, PerEpoch, Epochs, 0), 1e-12);

    // The last step of one-cycle is a step before the end, where the factor would be 1e-5.
    [Fact]
    public void OneCycleEndsNearItsLeast() =>
        Assert.Equal(1e-5 + ((1 - 1e-5) * Math.Pow(Math.Cos(Math.PI / 2 * 59 / 60), 2)), Schedules["one-cycle"].At(79, PerEpoch, Epochs, 0), 1e-12);

    [Fact]
    public void APlateauReducesWhenTheLossHasNotFallenForMoreThanThePatience()
    {
        var plateau = Schedules["plateau"];
        Assert.Equal([1, 0.2, 0.04], Enumerable.Range(0, 3).Select(r => Math.Round(plateau.At(50, PerEpoch, Epochs, r), 12)));
        Assert.Equal([false, false, true], ((int[])[0, 3, 4]).Select(plateau.IsReduced));
        Assert.All(Schedules.Where(s => s.Key != "plateau"), s => Assert.False(s.Value.IsReduced(1000)));
    }

    // No weight moves, so the loss of the held-out samples is the same after every epoch: the first one is the best, and after two more without gain the rate is halved, and again.
    [Fact]
    public void ARunHalvesItsRateOnAPlateau()
    {
        var options = SmallTraining.Options with { Epochs = 8, BodyRate = 0, BatchNormalization = BatchNormalizationPolicy.Frozen, Schedule = LearningRateSchedule.Plateau(1, 0.5), HeadRate = 1 };
        using var trainer = new Trainer(SmallTraining.Network(), [], options, new TrainerOptions());
        var rates = new List<double>();
        trainer.Run(new RandomSamples(4), new RandomSamples(5), new Rates(rates));
        Assert.Equal([1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125], rates);
    }

    // What was measured with eight epochs and more stands on these.
    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(15)]
    public void TheDefaultWarmsUpForAnEpoch(int epochs)
    {
        int steps = PerEpoch * epochs;
        for (int step = 0; step < steps; step++)
        {
            double expected = step < PerEpoch ? (step + 1) / (PerEpoch + 1.0) : 0.5 * (1 + Math.Cos(Math.PI * ((step - PerEpoch) / ((double)steps - PerEpoch))));
            Assert.Equal(expected, FineTuneOptions.Default.Schedule.At(step, PerEpoch, epochs, 0));
        }
    }

    // A quarter of 12, 24 and 36 steps.
    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 6)]
    [InlineData(3, 9)]
    public void AShortTrainingWarmsUpForAQuarterOfItsSteps(int epochs, int warmUp)
    {
        const int Steps = 12;
        foreach (double wanted in (double[])[1, 3, 100])
        {
            var schedule = LearningRateSchedule.Cosine with { WarmUpEpochs = wanted };
            for (int step = 0; step < Steps * epochs; step++)
            {
                double expected = step < warmUp ? (step + 1) / (warmUp + 1.0) : 0.5 * (1 + Math.Cos(Math.PI * (step - warmUp) / ((Steps * epochs) - warmUp)));
                Assert.Equal(expected, schedule.At(step, Steps, epochs, 0), 1e-12);
            }
        }
        Assert.Equal(2 / 2.2, (LearningRateSchedule.Constant with { WarmUpEpochs = 0.1 }).At(1, Steps, epochs, 0), 1e-12);
    }

    [Fact]
    public void ATrainingOfOneEpochReachesItsRate()
    {
        var rates = new List<double>();
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { Epochs = 1, HeadRate = 1, Schedule = FineTuneOptions.Default.Schedule }, new TrainerOptions());
        trainer.Run(new RandomSamples(16), progress: new Rates(rates));
        Assert.Equal(4, rates.Count);
        Assert.Equal(1, rates.Max());
    }

    [Fact]
    public void NumbersOutOfRangeAreRefused()
    {
        foreach (double wrong in (double[])[-1, -double.Epsilon, double.NaN, -double.NaN, double.PositiveInfinity]) Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine with { WarmUpEpochs = wrong });
        foreach (double wrong in (double[])[-1, 0, double.NaN, -double.NaN, double.PositiveInfinity])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Step(wrong));
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Step(1, wrong));
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.OneCycle(wrong));
            Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Plateau(1, wrong));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.OneCycle(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Plateau(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Plateau(-1));
    }

    private sealed class Rates(List<double> rates) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => rates.Add(value.LearningRate);
    }
}
