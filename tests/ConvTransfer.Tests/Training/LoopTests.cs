using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>The loop around the gradients against a plain one in float64: losses, clipping, accumulation, schedules and the running average.</summary>
public sealed class LoopTests
{
    private const int Width = 5, Classes = SmallTraining.Classes, Samples = 13;
    private static readonly FineTuneOptions Plain = new() { Epochs = 4, BatchSize = 4, HeadRate = 0.02, Schedule = LearningRateSchedule.Constant, ClipNorm = 0, WeightDecay = 0.1 };

    private static readonly Dictionary<string, FineTuneOptions> Forms = new()
    {
        ["sgd"] = Plain with { Optimizer = OptimizerKind.Sgd, Momentum = 0 },
        ["momentum"] = Plain with { Optimizer = OptimizerKind.Sgd },
        ["nesterov"] = Plain with { Optimizer = OptimizerKind.Sgd, Nesterov = true },
        ["adam"] = Plain with { Optimizer = OptimizerKind.Adam },
        ["adamw"] = Plain,
    };

    public static TheoryData<string, double, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, double, int>();
            foreach (string form in Forms.Keys)
                foreach (double clip in (double[])[0, 0.9])
                    foreach (int accumulate in (int[])[1, 3]) cases.Add(form, clip, accumulate);
            return cases;
        }
    }

    // 13 samples are four batches of four, the last one filled up; of three batches for a step the second step of an epoch has but one. Tolerance: as of the optimisers, with more steps.
    [Theory]
    [MemberData(nameof(Cases))]
    public void ATrainingIsThePlainLoop(string form, double clip, int accumulate)
    {
        var options = Forms[form] with { ClipNorm = clip, Accumulate = accumulate };
        var (plain, losses) = Expected(options, [1, 1, 1], (_, _) => 1);
        var actual = Run(options);
        AssertClose(plain.Now, Numbers(actual.Network), 5e-6);
        for (int epoch = 0; epoch < options.Epochs; epoch++) Assert.Equal(losses[epoch], actual.Epochs[epoch].Loss, 3e-6);
        int steps = options.Epochs * (accumulate == 1 ? 4 : 2);
        Assert.Equal(steps, actual.Steps);
        // Both kinds of steps are there: shortened ones and others.
        if (clip == 0) Assert.Equal(0, plain.Clipped);
        else Assert.InRange(plain.Clipped, 1, steps - 1);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void TheRunningAverageIsTheResult(double decay)
    {
        var options = Forms["momentum"] with { AverageDecay = decay, Accumulate = 2 };
        var (plain, _) = Expected(options, [1, 1, 1], (_, _) => 1);
        AssertClose(plain.Average, Numbers(Run(options).Network), 2e-6);
        Assert.True(plain.Average.Zip(plain.Now).Max(p => Math.Abs(p.First - p.Second)) > 1e-3);
    }

    // 16 steps, four of them warm-up: a batch's factor is that of the batch, whether a step follows it or not.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EveryStepHasTheFactorOfItsBatch(int accumulate)
    {
        var options = Forms["adamw"] with { Schedule = LearningRateSchedule.Cosine with { WarmUpEpochs = 1 }, Accumulate = accumulate };
        var (plain, _) = Expected(options, [1, 1, 1], (epoch, batch) => epoch == 0 ? (batch + 1) / 5.0 : 0.5 * (1 + Math.Cos(Math.PI * ((4 * epoch) + batch - 4) / 12)));
        AssertClose(plain.Now, Numbers(Run(options).Network), 5e-6);
    }

    public static TheoryData<double, double[], bool> Losses => new()
    {
        { 0, [1, 1, 1], false },
        { 0.1, [1, 1, 1], false },
        { 1, [1, 1, 1], false },
        { 0, [1, 2, 5], false },
        { 0.2, [0.3, 2, 0.001], false },
        { 0.1, [13 / 15.0, 13 / 12.0, 13 / 12.0], true },
    };

    // The first batch, before any weight has moved. Balanced, the five, four and four samples of the classes count 13 / (3 · 5), 13 / (3 · 4) and 13 / (3 · 4).
    [Theory]
    [MemberData(nameof(Losses))]
    public void LossAndFirstGradientAreThoseOfTheFormulas(double smoothing, double[] classWeights, bool balance)
    {
        var options = Plain with { BatchSize = 7, LabelSmoothing = smoothing, ClassWeights = balance ? [] : classWeights.ToValueList(), BalanceClasses = balance };
        using var trainer = Trainer(options);
        var batches = new BatchTrainer(trainer, [new Fixed()]);
        var plain = Begin(options, classWeights);
        int[] order = batches.Order(0);
        var (loss, gradient) = plain.Batch(order.AsSpan(0, 7));
        Assert.Equal(loss, batches.Train(order, 0, 0, 1, default).Loss, 1e-6);
        AssertClose(gradient, [.. trainer.Step.Gradient(0), .. trainer.Step.Gradient(1)], 1e-6);
    }

    // Through convolutions and a normalization with frozen statistics. Tolerance: sums over other batches round otherwise, four times.
    [Theory]
    [InlineData(2, 6, 0)]
    [InlineData(3, 4, 0.05)]
    [InlineData(4, 3, 0)]
    [InlineData(12, 1, 0.05)]
    public void AccumulatedBatchesAreOneOfTheirLength(int accumulate, int batch, double clip)
    {
        var options = SmallTraining.Options with { Optimizer = OptimizerKind.Sgd, Epochs = 2, BatchNormalization = BatchNormalizationPolicy.AffineOnly, Schedule = LearningRateSchedule.Constant, ClipNorm = clip, BodyRate = 0.1, LabelSmoothing = 0.1 };
        double[] Weights(FineTuneOptions with) => Numbers(SmallTraining.Run(with, new TrainerOptions(), new RandomSamples(24)).Network);
        AssertClose(Weights(options with { BatchSize = 12 }), Weights(options with { BatchSize = batch, Accumulate = accumulate }), 2e-6);
    }

    // A dense layer of random features.
    private static Model Network()
    {
        var net = new NetworkBuilder("regression", 1);
        return net.Build(net.Dense(net.Input("features", Width), Classes));
    }

    private static Trainer Trainer(FineTuneOptions options)
    {
        var network = Network();
        return new Trainer(network, [], options, new TrainerOptions { Seed = 3, HeadWeights = network.Graph.Initializers.Select(t => t.Name).ToValueList() });
    }

    private static TrainingResult Run(FineTuneOptions options)
    {
        using var trainer = Trainer(options);
        return trainer.Run(new Fixed());
    }

    private static PlainTraining Begin(FineTuneOptions options, double[] classWeights)
    {
        var source = new Fixed();
        using var values = new Tensor(ElementType.Float32, new Shape(Samples, Width));
        source.Read([.. Enumerable.Range(0, Samples).Select(i => new SampleView(i, 0))], [values], default);
        double[] x = Array.ConvertAll(values.AsSpan<float>().ToArray(), v => (double)v), numbers = Numbers(Network());
        return new PlainTraining(options, [.. x.Chunk(Width)], [.. Enumerable.Range(0, Samples).Select(source.Label)], classWeights, numbers[..(Width * Classes)], numbers[(Width * Classes)..]);
    }

    private static (PlainTraining Training, double[] Losses) Expected(FineTuneOptions options, double[] classWeights, Func<int, int, double> factor)
    {
        var plain = Begin(options, classWeights);
        using var trainer = Trainer(options);
        var orders = new BatchTrainer(trainer, [new Fixed()]);
        double[] losses = new double[options.Epochs];
        for (int epoch = 0; epoch < losses.Length; epoch++) losses[epoch] = plain.Epoch(orders.Order(epoch), batch => factor(epoch, batch));
        return (plain, losses);
    }

    private static double[] Numbers(Model model)
    {
        var all = new List<double>();
        foreach (var data in model.Graph.Initializers.Where(t => t.ElementType == ElementType.Float32))
        {
            using var tensor = data.ToTensor();
            foreach (float value in tensor.AsSpan<float>()) all.Add(value);
        }
        return [.. all];
    }

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])), $"number {i} is {actual[i]}, expected {expected[i]}");
    }

    // The same features in every epoch.
    private sealed class Fixed : ISampleSource
    {
        private readonly RandomSamples _samples = new(Samples);

        public int Count => Samples;

        public int Label(int index) => _samples.Label(index);

        public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
        {
            var first = new SampleView[views.Length];
            for (int i = 0; i < first.Length; i++) first[i] = views[i] with { Epoch = 0 };
            _samples.Read(first, values, cancellationToken);
        }
    }
}
