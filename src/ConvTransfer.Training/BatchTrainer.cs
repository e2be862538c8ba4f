using ConvTransfer.Core;
using ConvTransfer.Engine.Reduction;
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
    private readonly IReadOnlyList<ISampleSource> _sources;
    private readonly TrainedWeights _weights;
    private readonly BatchTargets _targets;
    private readonly BatchMixing _mixing;
    private int _phase;

    /// <summary>Begins in the first phase, with the weights as they are, and moments of 0.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="sources">The samples at the frontier of each phase; of those phases that are never entered there may be none.</param>
    public BatchTrainer(Trainer trainer, IReadOnlyList<ISampleSource> sources)
    {
        _trainer = trainer;
        _options = trainer.Options;
        _sources = sources;
        _weights = trainer.Weights;
        Optimizer = new WeightOptimizer(_weights, trainer.Rates(), trainer.Decays(), _options, Starts());
        _targets = new BatchTargets(trainer.Classes, _options.LabelSmoothing, ClassWeights());
        _mixing = new BatchMixing(_options);
        if (_options.AverageDecay > 0) Average = _weights.Copy();
        if (_options.Accumulate > 1) Accumulated = Array.ConvertAll(_weights.Parameters.ToArray(), t => new float[t.ElementCount]);
        Phase = 0;
    }

    /// <summary>The phase of the training.</summary>
    public int Phase
    {
        get => _phase;
        set => _trainer.Enter(_phase = value);
    }

    /// <summary>Samples in a batch.</summary>
    public int Batch => _options.BatchSize;

    /// <summary>Batches in an epoch; the last one is filled up with the first samples of the epoch.</summary>
    public int Batches => (Samples.Count + Batch - 1) / Batch;

    /// <summary>The optimiser.</summary>
    public WeightOptimizer Optimizer { get; }

    /// <summary>The running average of the weights, or null.</summary>
    public float[][]? Average { get; }

    /// <summary>The sums of gradients of a step that is not complete, or null where every batch is a step.</summary>
    public float[][]? Accumulated { get; }

    /// <summary>The order in which an epoch sees the samples.</summary>
    public int[] Order(int epoch)
    {
        int[] order = [.. Enumerable.Range(0, Samples.Count)];
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
            labels[i] = Samples.Label(index);
        }
        Samples.Read(views, Step.Frontier, cancellationToken);
        _targets.Write(labels, Step.Target.AsSpan<float>());
        _mixing.Mix(new CounterRandom(_trainer.How.Seed, epoch, batch, RandomPurpose.Mixing), Step.Frontier, Step.Target);
        foreach (var (dropout, mask) in _trainer.Split.Dropouts.Zip(Step.Masks)) dropout.Write(mask.AsSpan<float>(), _trainer.How.Seed, epoch, batch);
        Step.Run(cancellationToken);
        double loss = Step.LossValue;
        string? notFinite = double.IsFinite(loss) ? Move(batch, factor) : "the loss";
        return new BatchOutcome(loss, EvaluationStep.Hits(Step.Logits, labels, _trainer.Classes), notFinite);
    }

    private ISampleSource Samples => _sources[_phase];

    private TrainingStep Step => _trainer.Step;

    private double[]? ClassWeights() =>
        _options.BalanceClasses ? BatchTargets.Balanced(Samples, _trainer.Classes) : _options.ClassWeights.Count > 0 ? [.. _options.ClassWeights] : null;

    // The steps of the optimiser before each weight is trained for the first time.
    private long[] Starts()
    {
        long perEpoch = (Batches + _options.Accumulate - 1) / _options.Accumulate;
        return Array.ConvertAll(_trainer.Last.Parameters, name => perEpoch * _trainer.Phases.First(p => p.TrainedWeights.Contains(name)).Epoch);
    }

    // Says what is not finite, and then has moved nothing.
    private string? Move(int batch, double factor)
    {
        bool last = (batch + 1) % _options.Accumulate == 0 || batch == Batches - 1;
        if (Accumulated is not null)
        {
            for (int i = 0; i < Accumulated.Length; i++)
            {
                var from = Step.Gradient(i);
                for (int j = 0; j < from.Length; j++) Accumulated[i][j] += from[j];
            }
        }
        double length = Norm();
        if (!double.IsFinite(length)) return $"the gradient of weight '{DisplayText.Escape(LastNotFinite())}'";
        FollowStatistics();
        if (!last) return null;
        double accumulated = Accumulated is null ? 1 : (batch % _options.Accumulate) + 1;
        double norm = length / accumulated;
        double clip = _options.ClipNorm > 0 && norm > _options.ClipNorm ? _options.ClipNorm / norm : 1;
        Optimizer.Step(i => GradientOf(i), factor, clip / accumulated, Step.Crew);
        if (Accumulated is not null)
            foreach (float[] sums in Accumulated) Array.Clear(sums);
        FollowAverage();
        return null;
    }

    // Empty for a weight that is frozen in this phase.
    private ReadOnlySpan<float> GradientOf(int index) => Accumulated is null || Step.Gradient(index).IsEmpty ? Step.Gradient(index) : Accumulated[index];

    // The first one on the way back: weights are in the network's order.
    private string LastNotFinite()
    {
        int i = _weights.ParameterCount - 1;
        while (NonFiniteSearch.FirstIn(GradientOf(i)) < 0) i--;
        return _weights.Names[i];
    }

    private double Norm()
    {
        double squares = 0;
        for (int i = 0; i < _weights.ParameterCount; i++) squares += SquareSum.Of(GradientOf(i), Step.Crew);
        return Math.Sqrt(squares);
    }

    // Running variances follow the unbiased variance, as PyTorch has it: the batch's is divided by one element less.
    private void FollowStatistics()
    {
        float part = (float)_options.StatisticsMomentum;
        for (int i = 0; i < _weights.Statistics.Length; i++)
        {
            var running = _weights.Statistics[i].AsSpan<float>();
            var batch = Step.Statistic(i);
            if (batch.IsEmpty) continue;
            double elements = _trainer.Last.ElementsPerChannel(i / 2);
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
            if (!IsTrained(i)) continue;
            var now = _weights.All[i].AsSpan<float>();
            for (int j = 0; j < now.Length; j++) Average[i][j] = (keep * Average[i][j]) + ((1 - keep) * now[j]);
        }
    }

    // What is frozen in this phase has no average but itself.
    private bool IsTrained(int index) => !(index < _weights.ParameterCount ? Step.Gradient(index) : Step.Statistic(index - _weights.ParameterCount)).IsEmpty;
}
