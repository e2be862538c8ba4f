using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;

namespace ConvTransfer.Pipelines;

/// <summary>A value on the way to the frontier of which a training with fewer frozen layers kept what it was: the frontier is computed on from there. Owns its plans.</summary>
internal sealed class EarlierFrontier : IDisposable
{
    private readonly ActivationScope _scope;
    private readonly Planner _rest;

    private EarlierFrontier(string value, Shape shape, ActivationScope scope, Planner rest)
    {
        Value = value;
        Shape = shape;
        _scope = scope;
        _rest = rest;
    }

    /// <summary>The name of the value.</summary>
    public string Value { get; }

    /// <summary>Its shape for one picture.</summary>
    public Shape Shape { get; }

    /// <summary>Looks for the value nearest to the frontier of which a cache has a picture's activations. Only values count through which every way from the input to the frontier leads.</summary>
    /// <param name="first">The network from its input to the frontier.</param>
    /// <param name="wanted">The values of the frontier.</param>
    /// <param name="input">The shape of a picture.</param>
    /// <param name="preparation">How pictures are made ready.</param>
    /// <param name="cache">The cache.</param>
    /// <param name="picture">The picture to look for.</param>
    /// <param name="view">The numbers of its view.</param>
    /// <param name="own">The hashes of scopes that are of no use here: those of the frontier itself, and of what lies behind it. Where the cache has no others, nothing is looked for.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="cancellationToken">Stops between two values: for each, the weights before it are hashed.</param>
    public static EarlierFrontier? Find(Model first, IReadOnlyList<string> wanted, Shape input, string preparation, ActivationCache cache, ContentHash picture, ReadOnlySpan<long> view, IReadOnlySet<ContentHash> own, Limits limits, CancellationToken cancellationToken)
    {
        var kept = cache.Scopes.Except(own).ToHashSet();
        if (kept.Count == 0) return null;
        var makers = first.Graph.Nodes.SelectMany(n => n.Outputs.Select(o => (Output: o, Node: n))).Where(m => m.Output.Length > 0).ToDictionary(m => m.Output, m => m.Node);
        foreach (string value in first.Graph.Nodes.Reverse().SelectMany(n => n.Outputs).Where(o => o.Length > 0 && !wanted.Contains(o)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (From(first.Graph, makers, value, wanted) is not { } rest) continue;
            var before = first with { Graph = first.Graph.CutAt(value) };
            var scope = new ActivationScope(before, [value], preparation, limits);
            if (!kept.Contains(scope.Hash)) continue;
            using var planner = new Planner(before, [value], limits);
            var type = planner.OutputTypes(input)[0];
            if (type.ElementType != ElementType.Float32) continue;
            var shape = type.ToShape();
            using var found = Tensor.Uninitialized(ElementType.Float32, shape);
            if (!cache.TryRead(scope.Key(picture, view), found)) continue;
            var model = first with { Graph = rest with { Inputs = [new ValueInfo(value, type)] } };
            return new EarlierFrontier(value, shape, scope, new Planner(model, wanted, limits));
        }
        return null;
    }

    /// <summary>The key of a picture's activations there.</summary>
    public ActivationKey Key(ContentHash picture, ReadOnlySpan<long> view) => _scope.Key(picture, view);

    /// <summary>A session that computes the frontier from the value.</summary>
    public Session CreateSession() => _rest.CreateSession(threads: 1);

    public void Dispose() => _rest.Dispose();

    // The nodes between a value and the frontier, or null where the frontier needs something of the input beside it.
    private static Graph? From(Graph graph, Dictionary<string, Node> makers, string value, IReadOnlyList<string> wanted)
    {
        var inputs = graph.RequiredInputs.Select(i => i.Name).ToHashSet();
        var needed = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        var open = new Stack<string>(wanted);
        var seen = new HashSet<string>(wanted) { value };
        while (open.TryPop(out string? at))
        {
            if (inputs.Contains(at)) return null;
            if (!makers.TryGetValue(at, out var node) || !needed.Add(node)) continue;
            foreach (string read in node.Reads())
                if (seen.Add(read)) open.Push(read);
        }
        return needed.Any(n => n.Reads().Contains(value)) ? graph with { Nodes = graph.Nodes.Where(needed.Contains).ToValueList(), ValueInfos = [] } : null;
    }
}
