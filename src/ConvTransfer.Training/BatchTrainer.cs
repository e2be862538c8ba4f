using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Training;

/// <summary>What came of a batch.</summary>
/// <param name="Loss">Its loss.</param>
/// <param name="Hits">How many of its samples were classified right.</param>
/// <param name="NotFinite">What is infinite or not a number, in words; then the weights are as they were before the batch. Null where nothing is.</param>
internal readonly record struct BatchOutcome(double Loss, int Hits, string? NotFinite);

/// <summary>Trains on one batch after the other: reads the samples, writes their targets, runs forward and backward, and moves the weights.</summary>
internal sealed class BatchTrainer
{
    private readonly Trainer _trainer;
    private readonly FineTuneOptions _options;
    private readonly ISampleSource _samples;
    private readonly TrainingStep _step;
    private readonly TrainedWeights _weights;
    private readonly BatchTargets _targets;
    private readonly BatchMixing _mixing;

    /// <summary>Begins with the weights as they are, and moments of 0.</summary>
    public BatchTrainer(Trainer trainer, ISampleSource samples)
    {
        _trainer = trainer;
        _options = trainer.Options;
        _samples = samples;
        _step = trainer.Step;
        _weights = trainer.Weights;
        Optimizer = new WeightOptimizer(_weights, trainer.Rates(), _options);
        _targets = new BatchTargets(trainer.Classes, _options.LabelSmoothing, ClassWeights(samples));
        _mixing = new BatchMixing(_options);
        if (_options.AverageDecay > 0) Average = _weights.Copy();
        if (_options.Accumulate > 1) Accumulated = Array.ConvertAll(_weights.Parameters.ToArray(), t => new float[t.ElementCount]);
    }

    /// <summary>Samples in a batch.</summary>
    public int Batch => _options.BatchSize;

    /// <summary>Batches in an epoch; the last one is filled up with the first samples of the epoch.</summary>
    public int Batches => (_samples.Count + Batch - 1) / Batch;

    /// <summary>The optimiser.</summary>
    public WeightOptimizer Optimizer { get; }

    /// <summary>The running average of the weights, or null.</summary>
    public float[][]? Average { get; }

    /// <summary>The sums of gradients of a step that is not complete, or null where every batch is a step.</summary>
    public float[][]? Accumulated { get; }

    /// <summary>The order in which an epoch sees the samples.</summary>
    public int[] Order(int epoch)
    {
        int[] order = [.. Enumerable.Range(0, _samples.Count)];
        new CounterRandom(_trainer.How.Seed, epoch, purpose: RandomPurpose.Order).Shuffle<int>(order);
        return order;
    }

    /// <summary>Trains on a batch.</summary>
    /// <param name="order">The order of the epoch.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="batch">The batch of the epoch, from 0.</param>
    /// <param name="factor">The factor on the learning rates.</param>
    /// <param name="cancellationToken">Stops before the weights are moved, or not at all: they are always those of whole steps.</param>
    public BatchOutcome Train(int[] order, int epoch, int batch, double factor, CancellationToken cancellationToken)
    {
        Span<SampleView> views = new SampleView[Batch];
        Span<int> labels = new int[Batch];
        for (int i = 0; i < Batch; i++)
        {
            int index = order[((batch * Batch) + i) % order.Length];
            views[i] = new SampleView(index, epoch);
            labels[i] = _samples.Label(index);
        }
        _samples.Read(views, _step.Frontier, cancellationToken);
        _targets.Write(labels, _step.Target.AsSpan<float>());
        _mixing.Mix(new CounterRandom(_trainer.How.Seed, epoch, batch, RandomPurpose.Mixing), _step.Frontier, _step.Target);
        foreach (var (dropout, mask) in _trainer.Split.Dropouts.Zip(_step.Masks)) dropout.Write(mask.AsSpan<float>(), _trainer.How.Seed, epoch, batch);
        _step.Run(cancellationToken);
        double loss = _step.LossValue;
        string? notFinite = double.IsFinite(loss) ? Move(batch, factor) : "the loss";
        return new BatchOutcome(loss, EvaluationStep.Hits(_step.Logits, labels, _trainer.Classes), notFinite);
    }

    private double[]? ClassWeights(ISampleSource samples) =>
        _options.BalanceClasses ? BatchTargets.Balanced(samples, _trainer.Classes) : _options.ClassWeights.Count > 0 ? [.. _options.ClassWeights] : null;

    // Says what is not finite, and then has moved nothing.
    private string? Move(int batch, double factor)
    {
        bool last = (batch + 1) % _options.Accumulate == 0 || batch == Batches - 1;
        if (Accumulated is not null)
        {
            for (int i = 0; i < Accumulated.Length; i++)
            {
                var from = _step.Gradient(i);
                for (int j = 0; j < from.Length; j++) Accumulated[i][j] += from[j];
            }
        }
        double length = Norm();
        if (!double.IsFinite(length)) return "the gradient";
        FollowStatistics();
        if (!last) return null;
        double accumulated = Accumulated is null ? 1 : (batch % _options.Accumulate) + 1;
        double norm = length / accumulated;
        double clip = _options.ClipNorm > 0 && norm > _options.ClipNorm ? _options.ClipNorm / norm : 1;
        Optimizer.Step(i => GradientOf(i), factor, clip / accumulated, _step.Crew);
        if (Accumulated is not null)
            foreach (float[] sums in Accumulated) Array.Clear(sums);
        FollowAverage();
        return null;
    }

    private ReadOnlySpan<float> GradientOf(int index) => Accumulated is null ? _step.Gradient(index) : Accumulated[index];

    private double Norm()
    {
        double squares = 0;
        for (int i = 0; i < _weights.ParameterCount; i++)
            foreach (float g in GradientOf(i)) squares += (double)g * g;
        return Math.Sqrt(squares);
    }

    // Running variances follow the unbiased variance, as PyTorch has it: the batch's is divided by one element less.
    private void FollowStatistics()
    {
        float part = (float)_options.StatisticsMomentum;
        for (int i = 0; i < _weights.Statistics.Length; i++)
        {
            var running = _weights.Statistics[i].AsSpan<float>();
            var batch = _step.Statistic(i);
            double elements = _trainer.Split.ElementsPerChannel(i / 2);
            float unbiased = i % 2 == 0 || elements <= 1 ? 1 : (float)(elements / (elements - 1));
            for (int c = 0; c < running.Length; c++) running[c] += part * ((batch[c] * unbiased) - running[c]);
        }
    }

    private void FollowAverage()
    {
        if (Average is null) return;
        // In the first steps the average is short, so that it does not hold to the weights of the start.
        float keep = (float)Math.Min(_options.AverageDecay, (1.0 + Optimizer.Steps) / (10 + Optimizer.Steps));
        for (int i = 0; i < Average.Length; i++)
        {
            var now = _weights.All[i].AsSpan<float>();
            for (int j = 0; j < now.Length; j++) Average[i][j] = (keep * Average[i][j]) + ((1 - keep) * now[j]);
        }
    }
}
