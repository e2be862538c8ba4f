using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>The planned forward and backward run of a batch: loss, logits, gradients and the batch's statistics. Owns its memory; the results stay where they are until the next run.</summary>
/// <remarks>The loss is Σ −target · log softmax(logits) over all elements: weights of samples and classes, smoothing and mixing are all in the targets.</remarks>
internal sealed class TrainingStep : IDisposable
{
    private readonly Planner _planner;
    private readonly Session _session;
    private readonly Tensor[] _inputs;
    private readonly int[] _gradients, _statistics;

    /// <summary>Makes the graph and its plan.</summary>
    /// <param name="split">The network for this number of samples.</param>
    /// <param name="weights">The weights, which each run reads.</param>
    /// <param name="threads">The number of threads; 0 for one per processor.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="ConvTransferException">An operator of the trained part has no gradient, or the memory does not suffice; every reason is listed.</exception>
    public TrainingStep(NetworkSplit split, TrainedWeights weights, int threads, Limits limits)
    {
        var (graph, loss, targets) = WithGradients(split, limits);
        Graph = graph;
        string[] gradients = [.. split.Parameters.Select(p => graph.Gradients[p] ?? throw new ConvTransferException(FailureCause.DataInvalid, $"no way leads from weight '{DisplayText.Escape(p)}' to the result: it cannot be trained"))];
        string[] statistics = [.. split.Normalizations.SelectMany(n => new[] { n.Mean, n.Variance })];
        string[] outputs = [loss, split.Logits, .. statistics, .. gradients];
        string[] distinct = [.. outputs.Distinct()];
        _planner = new Planner(graph.Model, distinct, limits, OperatorSet.Training);
        _session = _planner.CreateSession(threads);
        Frontier = [.. split.FrontierTypes.Select(t => new Tensor(t.ElementType, t.ToShape()))];
        Masks = [.. split.Dropouts.Select(d => new Tensor(d.Type.ElementType, d.Type.ToShape()))];
        Target = new Tensor(ElementType.Float32, split.LogitsType.ToShape());
        _gradients = Array.ConvertAll(weights.Names[..weights.ParameterCount], name => Array.IndexOf(split.Parameters, name) is >= 0 and var at ? Array.IndexOf(distinct, gradients[at]) : -1);
        string[] followed = [.. split.StatisticsNames()];
        _statistics = Array.ConvertAll(weights.Names[weights.ParameterCount..], name => Array.IndexOf(followed, name) is >= 0 and var at ? 2 + at : -1);
        Inputs = split.Frontier.Zip(Frontier).Append((targets, Target)).Concat(split.Dropouts.Select(d => d.Mask).Zip(Masks)).Concat(weights.Names.Zip(weights.All)).ToDictionary(x => x.Item1, x => x.Item2);
        _inputs = [.. _planner.Inputs.Select(i => Inputs[i.Name])];
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

    /// <summary>The nodes of the layers, then the <see cref="LossNodes"/>, then those of the gradients.</summary>
    public GradientGraph Graph { get; }

    /// <summary>How many nodes make the loss of the logits.</summary>
    public const int LossNodes = 4;

    /// <summary>What the graph reads, by name: the frontier, the targets, masks, and the weights.</summary>
    public IReadOnlyDictionary<string, Tensor> Inputs { get; }

    /// <summary>The values of the frontier, to be written before a run.</summary>
    public Tensor[] Frontier { get; }

    /// <summary>The masks of <see cref="NetworkSplit.Dropouts"/>, to be written before a run.</summary>
    public Tensor[] Masks { get; }

    /// <summary>The targets [batch, classes], to be written before a run.</summary>
    public Tensor Target { get; }

    /// <summary>The threads, for the optimiser.</summary>
    public Crew Crew => _session.Crew;

    /// <summary>The loss of the last run.</summary>
    public float LossValue => _session.Result(0)[0];

    /// <summary>The logits of the last run, [batch, classes].</summary>
    public ReadOnlySpan<float> Logits => _session.Result(1);

    /// <summary>Native bytes of activations, gradients and working memory.</summary>
    public long ArenaBytes => _session.NativeBytes;

    /// <summary>Native bytes of what the step reads: the values of the frontier, masks, targets, and constants with the packed weights of frozen layers.</summary>
    public long InputBytes => Frontier.Concat(Masks).Sum(t => t.NativeBytes) + Target.NativeBytes + _planner.NativeBytes;

    /// <summary>Multiplications with addition of a run.</summary>
    public long MultiplyAdds => _planner.MultiplyAdds;

    /// <summary>Mean or variance of the last batch, in the order of <see cref="TrainedWeights.Statistics"/>; empty for one that does not follow the batches in this phase.</summary>
    public ReadOnlySpan<float> Statistic(int index) => _statistics[index] < 0 ? [] : _session.Result(_statistics[index]);

    /// <summary>The gradient of a weight, in the order of <see cref="TrainedWeights.Parameters"/>; empty for one that is frozen in this phase.</summary>
    public Span<float> Gradient(int index) => _gradients[index] < 0 ? [] : _session.Result(_gradients[index]);

    /// <summary>Runs forward and backward.</summary>
    public void Run(CancellationToken cancellationToken) => _session.RunInPlace(_inputs, cancellationToken);

    public void Dispose()
    {
        _session.Dispose();
        _planner.Dispose();
        foreach (var tensor in (Tensor[])[.. Frontier, .. Masks]) tensor.Dispose();
        Target.Dispose();
    }

    private static (GradientGraph Graph, string Loss, string Targets) WithGradients(NetworkSplit split, Limits limits)
    {
        var model = split.ForTraining();
        var graph = model.Graph;
        var names = new UniqueNames(graph);
        string targets = names.Fresh("targets"), logarithms = names.Fresh("log_probabilities"), weighted = names.Fresh("weighted"), sum = names.Fresh("sum"), loss = names.Fresh("loss");
        Node[] nodes =
        [
            new("LogSoftmax", [split.Logits], [logarithms]) { Name = names.Fresh("loss/log_softmax"), Attributes = [new NodeAttribute("axis", new AttributeValue.Int(-1))] },
            new("Mul", [logarithms, targets], [weighted]) { Name = names.Fresh("loss/weighted") },
            new("ReduceSum", [weighted], [sum]) { Name = names.Fresh("loss/sum"), Attributes = [new NodeAttribute("keepdims", new AttributeValue.Int(0))] },
            new("Neg", [sum], [loss]) { Name = names.Fresh("loss/neg") },
        ];
        graph = graph with { Nodes = [.. graph.Nodes, .. nodes], Inputs = [.. graph.Inputs, new ValueInfo(targets, split.LogitsType)] };
        return (Differentiation.Of(model with { Graph = graph }, loss, split.Parameters, limits), loss, targets);
    }
}
