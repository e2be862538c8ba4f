using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>A batch normalization that is trained, with the values that it makes in a training graph.</summary>
/// <param name="Layer">The node in its inference form.</param>
/// <param name="Mean">The name of the batch's mean.</param>
/// <param name="Variance">The name of the batch's variance.</param>
/// <param name="Elements">The elements of a channel in a batch.</param>
/// <param name="Running">Where the running mean and variance stand, which follow the batches.</param>
internal sealed record TrainedNormalization(Node Layer, string Mean, string Variance, long Elements, ValueList<WeightOrigin> Running);

/// <summary>
/// A network in two parts: what no training changes, which is computed as for use, and what varies with the trained weights, whose weights are inputs.
/// The values between are the frontier.
/// </summary>
internal sealed class NetworkSplit
{
    private readonly Model _network;
    private readonly List<Node> _nodes = [], _running = [];
    private readonly List<TensorData> _constants = [];

    private NetworkSplit(Model network) => _network = network;

    /// <summary>The names of the values of which the second part is computed, made by the first part or the network's input; in the graph's order.</summary>
    public required string[] Frontier { get; init; }

    /// <summary>Their types for a batch; axis 0 is the batch.</summary>
    public required TensorType[] FrontierTypes { get; init; }

    /// <summary>The trained weights: initializers of the network, in its order.</summary>
    public required string[] Parameters { get; init; }

    /// <summary>The batch normalizations that work with the batch's statistics.</summary>
    public required TrainedNormalization[] Normalizations { get; init; }

    /// <summary>The dropouts that act while the network is trained.</summary>
    public required TrainedDropout[] Dropouts { get; init; }

    /// <summary>The name of the network's result: logits [batch, classes].</summary>
    public required string Logits { get; init; }

    /// <summary>The type of the result.</summary>
    public required TensorType LogitsType { get; init; }

    /// <summary>Splits a network.</summary>
    /// <param name="network">The network in an opset of at least 18, float32, with one input whose axis 0 is a batch of any length, and one output of rank 2.</param>
    /// <param name="layers">Its layers, and what of it is frozen.</param>
    /// <param name="batch">The number of samples in a batch.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="ConvTransferException">The network cannot be trained; every reason is listed.</exception>
    public static NetworkSplit Of(Model network, LayerList layers, int batch, Limits limits)
    {
        var problems = new ProblemList();
        using var constants = new ConstantTable();
        var trained = layers.All.Where(l => l.IsTrained).SelectMany(l => l.Parameters).ToHashSet();
        string logits = network.Graph.Outputs.Single().Name;
        var (typed, types) = Walk(network, trained, batch, constants, problems, limits);
        problems.ThrowIfErrors(network.File);

        var normalizations = layers.All.Where(l => l.FollowsBatches).Select(l => KeyValuePair.Create(l.Node, l.Statistics)).ToDictionary(ReferenceEqualityComparer.Instance);
        var sources = new HashSet<Node>(normalizations.Keys, ReferenceEqualityComparer.Instance);
        var acting = TrainedDropout.Acting(typed, Varying(typed, trained, sources), layers).Where(n => TrainedDropout.RatioOf(n, constants, network.File) > 0).ToHashSet<Node>(ReferenceEqualityComparer.Instance);
        // Behind a dropout that acts everything is another number in every step, the weights before it trained or not.
        sources.UnionWith(acting);
        var varying = Varying(typed, trained, sources);
        RequireOwnStatistics(network, normalizations, problems);
        foreach (var node in normalizations.Keys.Where(n => types.TypeOf(n.Inputs[0]) is { IsStatic: true } x && Elements(x.ToShape()) == 1))
            problems.Error(FailureCause.Unsupported, $"{node.DisplayName}: a batch of {batch} has one number for each channel here, whose variance is 0: it cannot be normalized with the statistics of the batch. Take a larger batch, or let it keep the statistics that it has", node.DisplayName);
        problems.ThrowIfErrors(network.File);
        Node[] second = Second([.. typed.Select(t => t.Node)], varying, constants);
        if (!varying.Contains(logits)) throw new ConvTransferException(FailureCause.DataInvalid, "nothing of the network is left to train: every layer is frozen. Freeze less, or replace the head", network.File);
        var made = second.SelectMany(n => n.Outputs).ToHashSet();
        var read = second.SelectMany(n => n.Reads()).Where(v => !varying.Contains(v) && !made.Contains(v)).Distinct().ToArray();
        string[] frontier = [.. read.Where(v => !constants.Contains(v))];
        var names = new UniqueNames(network.Graph);
        var split = new NetworkSplit(network)
        {
            Frontier = frontier,
            FrontierTypes = [.. frontier.Select(v => Batched(v, types.TypeOf(v), batch, network.File))],
            Parameters = [.. network.Graph.Initializers.Select(t => t.Name).Where(trained.Contains)],
            Normalizations = [.. second.Where(normalizations.ContainsKey).Select(n => new TrainedNormalization(n, names.Fresh($"{n.Outputs[0]}/mean"), names.Fresh($"{n.Outputs[0]}/variance"), Elements(types.TypeOf(n.Inputs[0])!.ToShape()), normalizations[n]))],
            Dropouts = [.. typed.Select(t => t.Node).Where(TrainedDropout.IsDropout).Index().Where(d => acting.Contains(d.Item)).Select(d => new TrainedDropout(d.Item, names.Fresh($"{d.Item.Outputs[0]}/mask"), Batched(d.Item.Inputs[0], types.TypeOf(d.Item.Inputs[0]), batch, network.File), TrainedDropout.RatioOf(d.Item, constants, network.File), d.Index))],
            Logits = logits,
            LogitsType = types.TypeOf(logits) ?? throw new ConvTransferException(FailureCause.Unsupported, $"the type of the result '{DisplayText.Escape(logits)}' cannot be told", network.File),
        };
        split._nodes.AddRange(second);
        split._running.AddRange(split.Normalizations.SelectMany(n => n.Running).SelectMany(o => o.Way));
        foreach (string name in read.Concat(split._running.SelectMany(n => n.Reads())).Where(constants.Contains).Distinct()) split._constants.Add(network.Graph.Initializers.FirstOrDefault(t => t.Name == name) ?? TensorData.From(name, constants.Find(name)!));
        return split;
    }

    /// <summary>The first part, for pictures one at a time or many; null when the frontier is the network's input itself.</summary>
    public Model? First()
    {
        var inputs = _network.Graph.RequiredInputs.Select(i => i.Name).ToHashSet();
        ValueInfo[] made = [.. Frontier.Where(v => !inputs.Contains(v)).Select((v, i) => new ValueInfo(v, null))];
        return made.Length == 0 ? null : _network with { Graph = _network.Graph.CutAt(made) };
    }

    /// <summary>The second part as it is trained: batch normalizations that are trained work with the batch's statistics, which are results too. The weights are inputs, and behind them the masks of dropouts.</summary>
    public Model ForTraining() => Second(_nodes.SelectMany(Training), [.. Parameters.Select(p => (p, Type(p))), .. Dropouts.Select(d => (d.Mask, d.Type))], [Logits, .. Normalizations.SelectMany(n => new[] { n.Mean, n.Variance })]);

    /// <summary>The second part as it is used: all batch normalizations work with their running statistics, which are inputs behind the weights, mean and variance of each in turn.</summary>
    public Model ForUse() => Second([.. _running, .. _nodes], Parameters.Concat(StatisticsNames()).Select(p => (p, Type(p))), [Logits]);

    /// <summary>The names of the running statistics that follow the batches, as the network holds them: mean and variance of each of <see cref="Normalizations"/>.</summary>
    public IEnumerable<string> StatisticsNames() => Normalizations.SelectMany(n => n.Running).Select(o => o.Stored!);

    /// <summary>The elements of a channel in a batch, for the normalization of that index.</summary>
    public long ElementsPerChannel(int normalization) => Normalizations[normalization].Elements;

    /// <summary>The initializer of that name.</summary>
    public TensorData Initializer(string name) => _network.Graph.Initializers.First(t => t.Name == name);

    private static long Elements(Shape x) => x.Rank < 2 ? x.ElementCount : x[0] * x.Product(2, x.Rank);

    private TensorType Type(string initializer) => Initializer(initializer).Type;

    private Model Second(IEnumerable<Node> nodes, IEnumerable<(string Name, TensorType Type)> weights, IEnumerable<string> outputs)
    {
        var given = weights.ToArray();
        var own = nodes.ToValueList();
        var names = given.Select(w => w.Name).Concat(own.SelectMany(n => n.Outputs)).ToHashSet();
        return _network with
        {
            Graph = new Graph
            {
                Name = _network.Graph.Name,
                Nodes = own,
                Inputs = [.. Frontier.Zip(FrontierTypes, (name, type) => new ValueInfo(name, type)), .. given.Select(w => new ValueInfo(w.Name, w.Type))],
                Initializers = _constants.Where(c => !names.Contains(c.Name)).ToValueList(),
                Outputs = outputs.Select(o => new ValueInfo(o, null)).ToValueList(),
            },
            OpsetImports = [.. _network.OpsetImports.Where(o => o.CanonicalDomain != GradientOperators.Domain), new OpsetImport(GradientOperators.Domain, GradientOperators.Version)],
        };
    }

    private IEnumerable<Node> Training(Node node)
    {
        if (Dropouts.FirstOrDefault(d => ReferenceEquals(d.Node, node)) is { } dropout) return dropout.Nodes();
        var found = Normalizations.FirstOrDefault(n => ReferenceEquals(n.Layer, node));
        if (found is null) return [node];
        return [new Node("BatchStatisticsNormalization", [node.Inputs[0], node.Inputs[1], node.Inputs[2]], [node.Outputs[0], found.Mean, found.Variance])
        {
            Name = node.Name,
            Domain = GradientOperators.Domain,
            Attributes = node.Attributes.Where(a => a.Name == BatchStatisticsNormalization.Epsilon.Name).ToValueList(),
        }];
    }

    // The nodes behind the frontier: those that vary, and those that make what they read of constants alone, which may be too large to be computed before there is a plan.
    private static Node[] Second(Node[] nodes, HashSet<string> varying, ConstantTable constants)
    {
        var still = new HashSet<string>();
        foreach (var node in nodes)
            if (node.Reads().All(v => constants.Contains(v) || still.Contains(v))) still.UnionWith(node.Outputs.Where(o => o.Length > 0));
        var needed = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        var wanted = new HashSet<string>();
        foreach (var node in nodes.Reverse())
        {
            if (!node.Outputs.Any(o => varying.Contains(o) || wanted.Contains(o))) continue;
            needed.Add(node);
            wanted.UnionWith(node.Reads().Where(still.Contains));
        }
        return [.. nodes.Where(needed.Contains)];
    }

    // What follows the batches is written back, so it must be stored in the order of the channels, and nothing else may change with it.
    private static void RequireOwnStatistics(Model network, Dictionary<Node, ValueList<WeightOrigin>> normalizations, ProblemList problems)
    {
        var uses = network.Graph.Nodes.SelectMany(n => n.Reads()).CountBy(name => name).ToDictionary();
        foreach (var (node, running) in normalizations)
        {
            foreach (var origin in running)
            {
                string? why = origin.Obstacle ?? (!origin.KeepsOrder ? "is transposed" : origin.Way.Select(n => n.Outputs[0]).Append(origin.Stored!).Any(v => uses[v] > 1) ? "is read elsewhere too, where it would change with it" : null);
                if (why is not null) problems.Error(FailureCause.Unsupported, $"{node.DisplayName}: its running statistics cannot follow the batches, because '{DisplayText.Escape(origin.Input)}' {why}; let it keep those that it has", node.DisplayName);
            }
        }
    }

    // The values that are made by one of the sources, or of a trained weight, or of such a value.
    private static HashSet<string> Varying(IReadOnlyList<TypedNode> typed, HashSet<string> trained, HashSet<Node> sources)
    {
        var varying = new HashSet<string>(trained);
        foreach (var (node, _) in typed)
            if (sources.Contains(node) || node.Reads().Any(varying.Contains)) varying.UnionWith(node.Outputs.Where(o => o.Length > 0));
        return varying;
    }

    // Types for a batch. What follows from shapes and initializers alone becomes constant; trained weights do not.
    private static (IReadOnlyList<TypedNode> Nodes, TypeInference Types) Walk(Model network, HashSet<string> trained, int batch, ConstantTable constants, ProblemList problems, Limits limits)
    {
        var order = NodeOrder.Needed(network.Graph, network.Graph.Outputs.Select(o => o.Name), problems);
        problems.ThrowIfErrors(network.File);
        foreach (var data in network.Graph.Initializers.Where(t => !trained.Contains(t.Name))) constants.Add(data.Name, data);
        var types = new TypeInference(OperatorSet.Training, network.Opset, constants, problems) { Limits = limits };
        foreach (var data in network.Graph.Initializers.Where(t => trained.Contains(t.Name))) types.Declare(data.Name, data.Type);
        foreach (var input in network.Graph.RequiredInputs)
            if (input.Type is TensorType { Dims: { Count: > 0 } dims } type) types.Declare(input.Name, type with { Dims = [batch, .. dims.Skip(1)] });
        var typed = types.Run(order);
        return ([.. typed.Where(t => !t.Node.Outputs.All(o => o.Length == 0 || constants.Contains(o)))], types);
    }

    private static TensorType Batched(string value, TensorType? type, int batch, string? file) => type is { IsStatic: true, Rank: > 0 } && type[0].Value == batch
        ? type
        : throw new ConvTransferException(FailureCause.Unsupported, $"value '{DisplayText.Escape(value)}' lies between what is frozen and what is trained, but is {(type is null ? "of unknown type" : type.ToString())}, not a batch of {batch}", file);
}
