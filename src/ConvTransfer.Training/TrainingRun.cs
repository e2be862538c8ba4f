using System.Diagnostics;
using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>One run of a training: the loop over epochs and batches.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly Trainer _trainer;
    private readonly FineTuneOptions _options;
    private readonly IReadOnlyList<ISampleSource>? _heldOut;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly TrainedWeights _weights;
    private readonly BatchTrainer _batches;
    private readonly RunCheckpoints? _checkpoints;
    private EvaluationStep? _evaluation;
    private float[][]? _best, _copy;
    private TrainingState _state = new();
    private long _samplesSeen;
    private int _failedSaves;

    public TrainingRun(Trainer trainer, IReadOnlyList<ISampleSource> samples, IReadOnlyList<ISampleSource>? heldOut, IProgress<TrainingProgress>? progress)
    {
        _trainer = trainer;
        _options = trainer.Options;
        _heldOut = heldOut;
        _progress = progress;
        _weights = trainer.Weights;
        _batches = new BatchTrainer(trainer, samples);
        // Last: what throws before it leaves no lock behind.
        if (trainer.How.CheckpointFolder is not null) _checkpoints = new RunCheckpoints(trainer, samples[0], heldOut?[0]);
    }

    private int Batches => _batches.Batches;

    public TrainingResult Run(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        bool isCancelled = false;
        if (_checkpoints?.Resumed(Numbers(Copied()), Batches) is { } found) Restore(found);
        try
        {
            while (_state.Epoch < _options.Epochs && !_state.IsStopped) Epoch(start, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            isCancelled = true;
            Save();
        }
        if (_failedSaves > 0) _trainer.How.Warn?.Invoke($"{_failedSaves} checkpoints of this training could not be saved");
        // A training that ends as it was told gives its last weights; one that is ended before gives the best that it had on held-out samples.
        if (_best is not null && (isCancelled || _options.Patience > 0)) _weights.Restore(_best);
        else if (_batches.Average is not null) _weights.Restore(_batches.Average);
        var end = isCancelled ? TrainingEnd.Cancelled : _state.IsStopped ? TrainingEnd.StoppedEarly : TrainingEnd.Finished;
        return new TrainingResult(_trainer.Trained(), _state.Epochs.ToValueList(), end, _batches.Optimizer.Steps);
    }

    public void Dispose()
    {
        _evaluation?.Dispose();
        _checkpoints?.Dispose();
    }

    // From the batch where the state is to the end of the epoch.
    private void Epoch(long start, CancellationToken cancellationToken)
    {
        Enter(_trainer.Phases.Count(p => p.Epoch <= _state.Epoch) - 1);
        int[] order = _batches.Order(_state.Epoch);
        while (_state.Batch < Batches)
        {
            double factor = _options.Schedule.At(_state.Steps, Batches, _options.Epochs, _state.Reductions);
            var (loss, hits, notFinite) = _batches.Train(order, _state.Epoch, _state.Batch, factor, cancellationToken);
            if (notFinite is not null) throw NotFinite(_state.Epoch, _state.Batch, notFinite);
            _state.Losses += loss;
            _state.Right += hits;
            _state.Steps++;
            _state.Batch++;
            _samplesSeen += _batches.Batch;
            if (_trainer.How.CheckpointEvery > 0 && _state.Steps % _trainer.How.CheckpointEvery == 0) Save();
            var elapsed = Stopwatch.GetElapsedTime(start);
            double left = ((double)_options.Epochs * Batches) - _state.Steps;
            _progress?.Report(new TrainingProgress(_state.Epoch + 1, _options.Epochs, _state.Batch, Batches, _options.HeadRate * factor, loss, _samplesSeen / Math.Max(1e-9, elapsed.TotalSeconds), elapsed, elapsed * (left * _batches.Batch / _samplesSeen)));
        }
        double mean = _state.Losses / Batches;
        var (heldOutLoss, heldOutAccuracy) = Try(cancellationToken);
        _state.Epochs.Add(new EpochFigures(_state.Epoch + 1, mean, (double)_state.Right / (Batches * _batches.Batch), heldOutLoss, heldOutAccuracy));
        _state.IsStopped = !IsStillGaining(heldOutLoss ?? mean, heldOutLoss is not null);
        _state.Epoch++;
        _state.Batch = 0;
        _state.Losses = _state.Right = 0;
        if (_trainer.How.CheckpointEvery == 0 || _state.IsStopped || _state.Epoch == _options.Epochs) Save();
    }

    private void Enter(int phase)
    {
        bool isOther = phase != _batches.Phase;
        _batches.Phase = phase;
        if (_heldOut is null || (_evaluation is not null && !isOther)) return;
        _evaluation?.Dispose();
        _evaluation = new EvaluationStep(_trainer.Split, _weights, _trainer.How.Threads, _trainer.How.Limits);
    }

    // In the same arrays each time: a copy of its own in every epoch would grow the heap.
    private float[][] Copied() => _copy = _weights.Copy(_copy);

    private CheckpointNumbers Numbers(float[][] weights) => new(weights, _batches.Optimizer.First, _batches.Optimizer.Second, _batches.Average ?? [], _batches.Accumulated ?? [], _best ?? []);

    // Numbers that are not finite are no result either where nothing is saved.
    private void Save()
    {
        var numbers = Numbers(_checkpoints is null ? [] : Copied());
        if ((_weights.FirstNotFinite() is >= 0 and var at ? (0, at) : numbers.NotFinite()) is (int kind, int weight))
        {
            string what = kind == 0 ? "a weight" : $"{((string[])["the first moment", "the second moment", "the running average", "the sum of gradients", "the best state"])[kind - 1]} of weight '{DisplayText.Escape(_weights.Names[weight])}'";
            throw NotFinite(_state.Batch == 0 ? _state.Epoch - 1 : _state.Epoch, _state.Batch == 0 ? Batches - 1 : _state.Batch - 1, what);
        }
        if (_checkpoints?.Save(_state with { OptimizerSteps = _batches.Optimizer.Steps }, numbers) == false) _failedSaves++;
    }

    private void Restore(TrainingCheckpoint from)
    {
        _state = from.State;
        _batches.Optimizer.Steps = from.State.OptimizerSteps;
        _weights.Restore(from.Numbers.Weights);
        Copy(from.Numbers.First, _batches.Optimizer.First);
        Copy(from.Numbers.Second, _batches.Optimizer.Second);
        if (_batches.Average is not null) Copy(from.Numbers.Average, _batches.Average);
        if (_batches.Accumulated is not null) Copy(from.Numbers.Accumulated, _batches.Accumulated);
        _best = from.Numbers.Best.Length == 0 ? null : from.Numbers.Best;
    }

    private static void Copy(float[][] values, float[][] to)
    {
        for (int i = 0; i < to.Length; i++) values[i].CopyTo(to[i], 0);
    }

    private (double? Loss, double? Accuracy) Try(CancellationToken cancellationToken)
    {
        if (_evaluation is null) return (null, null);
        float[][]? own = null;
        if (_batches.Average is not null)
        {
            own = Copied();
            _weights.Restore(_batches.Average);
        }
        try
        {
            return _evaluation.Evaluate(_heldOut![_batches.Phase], _trainer.Classes, cancellationToken);
        }
        finally
        {
            if (own is not null) _weights.Restore(own);
        }
    }

    // Remembers the best weights, for a run that ends early, and says whether it goes on.
    private bool IsStillGaining(double loss, bool isHeldOut)
    {
        if (loss < _state.BestLoss)
        {
            _state.BestLoss = loss;
            _state.WithoutGain = _state.SinceReduction = 0;
            if (isHeldOut && _batches.Average is { } average) Copy(average, _best ??= Array.ConvertAll(average, a => new float[a.Length]));
            else if (isHeldOut) _best = _weights.Copy(_best);
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
        Node? node = null;
        string where;
        try
        {
            (where, node) = NonFiniteSearch.Find(_weights, _trainer.Step, _trainer.How.Limits);
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.Limit)
        {
            where = "the memory limit leaves no room to look for the layer";
        }
        return new ConvTransferException(FailureCause.DataInvalid, $"epoch {epoch + 1}, batch {batch + 1}: {what} is not finite; {where}. Lower the learning rate, or look at the samples of this batch{(_checkpoints?.Last is { } last ? $". The last good checkpoint is {DisplayText.Escape(last)}" : "")}", node: node?.DisplayName);
    }
}
