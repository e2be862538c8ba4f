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
    }

    /// <summary>The values of the frontier, to be written before a run.</summary>
    public Tensor[] Frontier { get; }

    /// <summary>The logits [batch, classes] of what the frontier holds; valid until the next run.</summary>
    public ReadOnlySpan<float> Run(CancellationToken cancellationToken)
    {
        _session.RunInPlace(_inputs, cancellationToken);
        return _session.Result(0);
    }

    public void Dispose()
    {
        _session.Dispose();
        _planner.Dispose();
        foreach (var tensor in Frontier) tensor.Dispose();
    }
}
