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
    private readonly List<EpochFigures> _epochs = [];
    private readonly float[][]? _average, _accumulated;
    private float[][]? _best;
    private double _bestLoss = double.PositiveInfinity;
    private int _withoutGain, _sinceReduction, _reductions;
    private long _step0, _samplesSeen;

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
    }

    private int Batch => _options.BatchSize;

    private int Batches => (_samples.Count + Batch - 1) / Batch;

    public TrainingResult Run(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        var end = TrainingEnd.Finished;
        try
        {
            for (int epoch = 0; epoch < _options.Epochs && end == TrainingEnd.Finished; epoch++)
            {
                var (loss, accuracy) = Epoch(epoch, start, cancellationToken);
                var (heldOutLoss, heldOutAccuracy) = Try(cancellationToken);
                _epochs.Add(new EpochFigures(epoch + 1, loss, accuracy, heldOutLoss, heldOutAccuracy));
                if (!IsStillGaining(heldOutLoss ?? loss, heldOutLoss is not null)) end = TrainingEnd.StoppedEarly;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            end = TrainingEnd.Cancelled;
        }
        if (_best is not null) _weights.Restore(_best);
        else if (_average is not null) _weights.Restore(_average);
        return new TrainingResult(_trainer.Trained(), _epochs.ToValueList(), end, _optimizer.Steps);
    }

    public void Dispose() => _evaluation?.Dispose();

    private (double Loss, double Accuracy) Epoch(int epoch, long start, CancellationToken cancellationToken)
    {
        int[] order = [.. Enumerable.Range(0, _samples.Count)];
        new CounterRandom(_trainer.How.Seed, epoch, purpose: RandomPurpose.Order).Shuffle<int>(order);
        double losses = 0;
        long right = 0;
        for (int batch = 0; batch < Batches; batch++)
        {
            double factor = _options.Schedule.At(_step0, Batches, _options.Epochs, _reductions);
            var (loss, hits) = Train(order, epoch, batch, factor, cancellationToken);
            losses += loss;
            right += hits;
            _step0++;
            _samplesSeen += Batch;
            var elapsed = Stopwatch.GetElapsedTime(start);
            _progress?.Report(new TrainingProgress(epoch + 1, _options.Epochs, batch + 1, Batches, _options.HeadRate * factor, loss, _samplesSeen / Math.Max(1e-9, elapsed.TotalSeconds), elapsed));
        }
        return (losses / Batches, (double)right / (Batches * Batch));
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
        return (loss, Hits(_step.Logits, labels));
    }

    private void Move(int epoch, int batch, double factor)
    {
        bool last = (_step0 + 1) % _options.Accumulate == 0 || batch == Batches - 1;
        if (_accumulated is not null)
        {
            for (int i = 0; i < _accumulated.Length; i++)
            {
                var from = _step.Gradient(i);
                for (int j = 0; j < from.Length; j++) _accumulated[i][j] += from[j];
            }
        }
        FollowStatistics();
        if (!last) return;
        double accumulated = _accumulated is null ? 1 : (_step0 % _options.Accumulate) + 1;
        double norm = Norm() / accumulated;
        if (!double.IsFinite(norm)) throw NotFinite(epoch, batch, "the gradient");
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
            return Evaluate(_evaluation, _heldOut!, cancellationToken);
        }
        finally
        {
            if (own is not null) _weights.Restore(own);
        }
    }

    private (double Loss, double Accuracy) Evaluate(EvaluationStep evaluation, ISampleSource source, CancellationToken cancellationToken)
    {
        double loss = 0;
        int right = 0;
        Span<SampleView> views = new SampleView[Batch];
        Span<int> labels = new int[Batch];
        for (int from = 0; from < source.Count; from += Batch)
        {
            int count = Math.Min(Batch, source.Count - from);
            for (int i = 0; i < Batch; i++)
            {
                int index = from + Math.Min(i, count - 1);
                views[i] = new SampleView(index, -1);
                labels[i] = source.Label(index);
            }
            source.Read(views, evaluation.Frontier, cancellationToken);
            var logits = evaluation.Run(cancellationToken);
            right += Hits(logits, labels[..count]);
            for (int i = 0; i < count; i++) loss += CrossEntropy(logits.Slice(i * _trainer.Classes, _trainer.Classes), labels[i]);
        }
        return (loss / source.Count, (double)right / source.Count);
    }

    private static double CrossEntropy(ReadOnlySpan<float> logits, int label)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (float v in logits) most = Math.Max(most, v);
        foreach (float v in logits) sum += Math.Exp(v - most);
        return most + Math.Log(sum) - logits[label];
    }

    // Remembers the best weights where the run may end early, and says whether it goes on.
    private bool IsStillGaining(double loss, bool isHeldOut)
    {
        if (loss < _bestLoss)
        {
            _bestLoss = loss;
            _withoutGain = _sinceReduction = 0;
            if (_options.Patience > 0 && isHeldOut) _best = _average is null ? _weights.Copy() : Array.ConvertAll(_average, a => a.ToArray());
            return true;
        }
        _withoutGain++;
        if (_options.Schedule.IsReduced(++_sinceReduction))
        {
            _reductions++;
            _sinceReduction = 0;
        }
        return !(_options.Patience > 0 && isHeldOut && _withoutGain >= _options.Patience);
    }

    private int Hits(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        int hits = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            var row = logits.Slice(i * _trainer.Classes, _trainer.Classes);
            int best = 0;
            for (int c = 1; c < row.Length; c++)
                if (row[c] > row[best]) best = c;
            if (best == labels[i]) hits++;
        }
        return hits;
    }

    private ConvTransferException NotFinite(int epoch, int batch, string what)
    {
        var node = NonFiniteSearch.First(_trainer.Split, _weights, _step.Frontier, _trainer.How.Limits);
        string where = node is null ? "all results of the layers are finite, so it comes from a gradient" : $"the first result that is not finite is that of {node.DisplayName}";
        return new ConvTransferException(FailureCause.DataInvalid, $"epoch {epoch + 1}, batch {batch + 1}: {what} is not finite; {where}. Lower the learning rate, or look at the samples of this batch", node: node?.DisplayName);
    }
}
