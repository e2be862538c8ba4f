using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>The planned run of the trained part as it is used, with the weights as they are now. Owns its memory.</summary>
internal sealed class EvaluationStep : IDisposable
{
    private readonly Planner _planner;
    private readonly Session _session;
    private readonly Tensor[] _inputs;

    /// <summary>Makes the plan.</summary>
    public EvaluationStep(NetworkSplit split, TrainedWeights weights, int threads, Limits limits)
    {
        _planner = new Planner(split.ForUse(), [split.Logits], limits, OperatorSet.Training);
        _session = _planner.CreateSession(threads);
        Frontier = [.. split.FrontierTypes.Select(t => new Tensor(t.ElementType, t.ToShape()))];
        var byName = split.Frontier.Zip(Frontier).Concat(weights.Names.Zip(weights.All)).ToDictionary(x => x.First, x => x.Second);
        _inputs = [.. _planner.Inputs.Select(i => byName[i.Name])];
        try
        {
            _session.Reserve(_inputs);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Native bytes of it, the weights apart.</summary>
    public long NativeBytes => _session.NativeBytes + _planner.NativeBytes + Frontier.Sum(t => t.NativeBytes);

    /// <summary>The values of the frontier, to be written before a run.</summary>
    public Tensor[] Frontier { get; }

    /// <summary>The logits [batch, classes] of what the frontier holds; valid until the next run.</summary>
    public ReadOnlySpan<float> Run(CancellationToken cancellationToken)
    {
        _session.RunInPlace(_inputs, cancellationToken);
        return _session.Result(0);
    }

    /// <summary>The mean cross-entropy over all samples of a source, and the share that is classified right.</summary>
    /// <param name="source">The samples.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    public (double Loss, double Accuracy) Evaluate(ISampleSource source, int classes, CancellationToken cancellationToken)
    {
        double loss = 0;
        int right = 0, batch = (int)Frontier[0].Shape[0];
        Span<SampleView> views = new SampleView[batch];
        Span<int> labels = new int[batch];
        for (int from = 0; from < source.Count; from += batch)
        {
            int count = Math.Min(batch, source.Count - from);
            for (int i = 0; i < batch; i++)
            {
                int index = from + Math.Min(i, count - 1);
                views[i] = new SampleView(index, -1);
                labels[i] = source.Label(index);
            }
            source.Read(views, Frontier, cancellationToken);
            var logits = Run(cancellationToken);
            right += Hits(logits, labels[..count], classes);
            for (int i = 0; i < count; i++) loss += CrossEntropy(logits.Slice(i * classes, classes), labels[i]);
        }
        return (loss / source.Count, (double)right / source.Count);
    }

    /// <summary>How many rows of logits are greatest at their label.</summary>
    public static int Hits(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, int classes)
    {
        int hits = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            var row = logits.Slice(i * classes, classes);
            int best = 0;
            for (int c = 1; c < row.Length; c++)
                if (row[c] > row[best]) best = c;
            if (best == labels[i]) hits++;
        }
        return hits;
    }

    private static double CrossEntropy(ReadOnlySpan<float> logits, int label)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (float v in logits) most = Math.Max(most, v);
        foreach (float v in logits) sum += Math.Exp(v - most);
        return most + Math.Log(sum) - logits[label];
    }

    public void Dispose()
    {
        _session.Dispose();
        _planner.Dispose();
        foreach (var tensor in Frontier) tensor.Dispose();
    }
}
