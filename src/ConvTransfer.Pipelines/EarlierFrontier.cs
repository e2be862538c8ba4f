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
    /// <param name="limits">The limits.</param>
    public static EarlierFrontier? Find(Model first, IReadOnlyList<string> wanted, Shape input, string preparation, ActivationCache cache, ContentHash picture, ReadOnlySpan<long> view, Limits limits)
    {
        var ways = new List<(string Value, Graph Behind)>();
        foreach (string value in first.Graph.Nodes.Reverse().SelectMany(n => n.Outputs).Where(o => o.Length > 0 && !wanted.Contains(o)))
            if (From(first.Graph, value, wanted) is { } rest) ways.Add((value, rest));
        if (ways.Count == 0) return null;
        using var whole = new Planner(first, ways.Select(w => w.Value), limits);
        var types = whole.OutputTypes(input);
        for (int i = 0; i < ways.Count; i++)
        {
            var (value, rest) = ways[i];
            if (types[i].ElementType != ElementType.Float32) continue;
            var shape = types[i].ToShape();
            var scope = new ActivationScope(first with { Graph = first.Graph.CutAt(value) }, [value], preparation, limits);
            using var found = Tensor.Uninitialized(ElementType.Float32, shape);
            if (!cache.TryRead(scope.Key(picture, view), found)) continue;
            var model = first with { Graph = rest with { Inputs = [new ValueInfo(value, types[i])] } };
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
    private static Graph? From(Graph graph, string value, IReadOnlyList<string> wanted)
    {
        var makers = graph.Nodes.SelectMany(n => n.Outputs.Select(o => (Output: o, Node: n))).Where(m => m.Output.Length > 0).ToDictionary(m => m.Output, m => m.Node);
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
