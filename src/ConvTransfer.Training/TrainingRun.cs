using System.Diagnostics;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>One run of a training: the loop over epochs and batches.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly Trainer _trainer;
    private readonly FineTuneOptions _options;
    private readonly ISampleSource _samples;
    private readonly ISampleSource? _heldOut;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly TrainingStep _step;
    private readonly TrainedWeights _weights;
    private readonly WeightOptimizer _optimizer;
    private readonly BatchTargets _targets;
    private readonly EvaluationStep? _evaluation;
    private readonly RunCheckpoints? _checkpoints;
    private readonly float[][]? _average, _accumulated;
    private float[][]? _best;
    private TrainingState _state = new();
    private long _samplesSeen;

    public TrainingRun(Trainer trainer, ISampleSource samples, ISampleSource? heldOut, IProgress<TrainingProgress>? progress)
    {
        _trainer = trainer;
        _options = trainer.Options;
        _samples = samples;
        _heldOut = heldOut;
        _progress = progress;
        _step = trainer.Step;
        _weights = trainer.Weights;
        _optimizer = new WeightOptimizer(_weights, trainer.Rates(), _options);
        _targets = new BatchTargets(trainer.Classes, _options.LabelSmoothing, _options.BalanceClasses ? BatchTargets.Balanced(samples, trainer.Classes) : null);
        if (heldOut is not null) _evaluation = new EvaluationStep(trainer.Split, _weights, trainer.How.Threads, trainer.How.Limits);
        if (_options.AverageDecay > 0) _average = _weights.Copy();
        if (_options.Accumulate > 1) _accumulated = Array.ConvertAll(_weights.Parameters.ToArray(), t => new float[t.ElementCount]);
        // Last: what throws before it leaves no lock behind.
        if (trainer.How.CheckpointFolder is not null) _checkpoints = new RunCheckpoints(trainer, samples, heldOut);
    }

    private int Batch => _options.BatchSize;

    private int Batches => (_samples.Count + Batch - 1) / Batch;

    public TrainingResult Run(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        bool isCancelled = false;
        if (_checkpoints?.Resumed(Numbers(), Batches) is { } found) Restore(found);
        try
        {
            while (_state.Epoch < _options.Epochs && !_state.IsStopped) Epoch(start, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            isCancelled = true;
            Save();
        }
        if (_best is not null) _weights.Restore(_best);
        else if (_average is not null) _weights.Restore(_average);
        var end = isCancelled ? TrainingEnd.Cancelled : _state.IsStopped ? TrainingEnd.StoppedEarly : TrainingEnd.Finished;
        return new TrainingResult(_trainer.Trained(), _state.Epochs.ToValueList(), end, _optimizer.Steps);
    }

    public void Dispose()
    {
        _evaluation?.Dispose();
        _checkpoints?.Dispose();
    }

    // From the batch where the state is to the end of the epoch.
    private void Epoch(long start, CancellationToken cancellationToken)
    {
        int[] order = [.. Enumerable.Range(0, _samples.Count)];
        new CounterRandom(_trainer.How.Seed, _state.Epoch, purpose: RandomPurpose.Order).Shuffle<int>(order);
        while (_state.Batch < Batches)
        {
            double factor = _options.Schedule.At(_state.Steps, Batches, _options.Epochs, _state.Reductions);
            var (loss, hits) = Train(order, _state.Epoch, _state.Batch, factor, cancellationToken);
            _state.Losses += loss;
            _state.Right += hits;
            _state.Steps++;
            _state.Batch++;
            _samplesSeen += Batch;
            if (_trainer.How.CheckpointEvery > 0 && _state.Steps % _trainer.How.CheckpointEvery == 0) Save();
            var elapsed = Stopwatch.GetElapsedTime(start);
            _progress?.Report(new TrainingProgress(_state.Epoch + 1, _options.Epochs, _state.Batch, Batches, _options.HeadRate * factor, loss, _samplesSeen / Math.Max(1e-9, elapsed.TotalSeconds), elapsed));
        }
        double mean = _state.Losses / Batches;
        var (heldOutLoss, heldOutAccuracy) = Try(cancellationToken);
        _state.Epochs.Add(new EpochFigures(_state.Epoch + 1, mean, (double)_state.Right / (Batches * Batch), heldOutLoss, heldOutAccuracy));
        _state.IsStopped = !IsStillGaining(heldOutLoss ?? mean, heldOutLoss is not null);
        _state.Epoch++;
        _state.Batch = 0;
        _state.Losses = _state.Right = 0;
        if (_trainer.How.CheckpointEvery == 0 || _state.IsStopped || _state.Epoch == _options.Epochs) Save();
    }

    private CheckpointNumbers Numbers() => new(_weights.Copy(), _optimizer.First, _optimizer.Second, _average ?? [], _accumulated ?? [], _best ?? []);

    private void Save()
    {
        if (_checkpoints is null) return;
        var numbers = Numbers();
        if (!numbers.IsFinite) throw NotFinite(_state.Epoch, _state.Batch - 1, "a weight");
        _checkpoints.Save(_state with { OptimizerSteps = _optimizer.Steps }, numbers);
    }

    private void Restore(TrainingCheckpoint from)
    {
        _state = from.State;
        _optimizer.Steps = from.State.OptimizerSteps;
        _weights.Restore(from.Numbers.Weights);
        Copy(from.Numbers.First, _optimizer.First);
        Copy(from.Numbers.Second, _optimizer.Second);
        if (_average is not null) Copy(from.Numbers.Average, _average);
        if (_accumulated is not null) Copy(from.Numbers.Accumulated, _accumulated);
        _best = from.Numbers.Best.Length == 0 ? null : from.Numbers.Best;

        static void Copy(float[][] values, float[][] to)
        {
            for (int i = 0; i < to.Length; i++) values[i].CopyTo(to[i], 0);
        }
    }

    private (double Loss, int Hits) Train(int[] order, int epoch, int batch, double factor, CancellationToken cancellationToken)
    {
        Span<SampleView> views = new SampleView[Batch];
        Span<int> labels = new int[Batch];
        for (int i = 0; i < Batch; i++)
        {
            // The last batch is filled up with the first samples of the epoch.
            int index = order[((batch * Batch) + i) % order.Length];
            views[i] = new SampleView(index, epoch);
            labels[i] = _samples.Label(index);
        }
        _samples.Read(views, _step.Frontier, cancellationToken);
        _targets.Write(labels, _step.Target.AsSpan<float>());
        if (_options.MixupAlpha > 0)
        {
            var random = new CounterRandom(_trainer.How.Seed, epoch, batch, RandomPurpose.Mixing);
            BatchTargets.Mix(ref random, _options.MixupAlpha, [.. _step.Frontier, _step.Target]);
        }
        _step.Run(cancellationToken);
        // From here to the end of the step nothing is cancelled: the weights are always those of whole steps.
        double loss = _step.LossValue;
        if (!double.IsFinite(loss)) throw NotFinite(epoch, batch, "the loss");
        Move(epoch, batch, factor);
        return (loss, EvaluationStep.Hits(_step.Logits, labels, _trainer.Classes));
    }

    private void Move(int epoch, int batch, double factor)
    {
        bool last = (batch + 1) % _options.Accumulate == 0 || batch == Batches - 1;
        if (_accumulated is not null)
        {
            for (int i = 0; i < _accumulated.Length; i++)
            {
                var from = _step.Gradient(i);
                for (int j = 0; j < from.Length; j++) _accumulated[i][j] += from[j];
            }
        }
        double length = Norm();
        if (!double.IsFinite(length)) throw NotFinite(epoch, batch, "the gradient");
        FollowStatistics();
        if (!last) return;
        double accumulated = _accumulated is null ? 1 : (batch % _options.Accumulate) + 1;
        double norm = length / accumulated;
        double clip = _options.ClipNorm > 0 && norm > _options.ClipNorm ? _options.ClipNorm / norm : 1;
        _optimizer.Step(i => GradientOf(i), factor, clip / accumulated, _step.Crew);
        if (_accumulated is not null)
            foreach (float[] sums in _accumulated) Array.Clear(sums);
        FollowAverage();
    }

    private ReadOnlySpan<float> GradientOf(int index) => _accumulated is null ? _step.Gradient(index) : _accumulated[index];

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
        if (_average is null) return;
        // In the first steps the average is short, so that it does not hold to the weights of the start.
        float keep = (float)Math.Min(_options.AverageDecay, (1.0 + _optimizer.Steps) / (10 + _optimizer.Steps));
        for (int i = 0; i < _average.Length; i++)
        {
            var now = _weights.All[i].AsSpan<float>();
            for (int j = 0; j < now.Length; j++) _average[i][j] = (keep * _average[i][j]) + ((1 - keep) * now[j]);
        }
    }

    private (double? Loss, double? Accuracy) Try(CancellationToken cancellationToken)
    {
        if (_evaluation is null) return (null, null);
        float[][]? own = null;
        if (_average is not null)
        {
            own = _weights.Copy();
            _weights.Restore(_average);
        }
        try
        {
            return _evaluation.Evaluate(_heldOut!, _trainer.Classes, cancellationToken);
        }
        finally
        {
            if (own is not null) _weights.Restore(own);
        }
    }

    // Remembers the best weights where the run may end early, and says whether it goes on.
    private bool IsStillGaining(double loss, bool isHeldOut)
    {
        if (loss < _state.BestLoss)
        {
            _state.BestLoss = loss;
            _state.WithoutGain = _state.SinceReduction = 0;
            if (_options.Patience > 0 && isHeldOut) _best = _average is null ? _weights.Copy() : Array.ConvertAll(_average, a => a.ToArray());
            return true;
        }
        _state.WithoutGain++;
        if (_options.Schedule.IsReduced(++_state.SinceReduction))
        {
            _state.Reductions++;
            _state.SinceReduction = 0;
        }
        return !(_options.Patience > 0 && isHeldOut && _state.WithoutGain >= _options.Patience);
    }

    private ConvTransferException NotFinite(int epoch, int batch, string what)
    {
        var node = NonFiniteSearch.First(_trainer.Split, _weights, _step.Frontier, _trainer.How.Limits);
        string where = node is null ? "all results of the layers are finite, so it comes from a gradient" : $"the first result that is not finite is that of {node.DisplayName}";
        return new ConvTransferException(FailureCause.DataInvalid, $"epoch {epoch + 1}, batch {batch + 1}: {what} is not finite; {where}. Lower the learning rate, or look at the samples of this batch{(_checkpoints?.Last is { } last ? $". The last good checkpoint is {DisplayText.Escape(last)}" : "")}", node: node?.DisplayName);
    }
}
