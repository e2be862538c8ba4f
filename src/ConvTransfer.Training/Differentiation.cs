using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>A graph with the nodes that compute gradients behind its own.</summary>
/// <param name="Model">The model, which imports the internal domain beside its own.</param>
/// <param name="Gradients">For each wanted value the name of its gradient; null where it is 0 because nothing leads from the value to the loss.</param>
/// <param name="Sources">For each node that was added, in their order, which is that of the way back, the node whose rule it belongs to; null for the last sum of a wanted value.</param>
internal sealed record GradientGraph(Model Model, IReadOnlyDictionary<string, string?> Gradients, IReadOnlyList<Node?> Sources);

/// <summary>The backward walk: from a loss to the values whose gradients are wanted, by the rules of the operators on the way, and over no others.</summary>
/// <remarks>Reverse accumulation. Source: Griewank and Walther, Evaluating Derivatives, 2008, section 3.2.</remarks>
internal sealed class Differentiation
{
    private readonly Model _model;
    private readonly UniqueNames _names;
    private readonly HashSet<string> _leading;
    private readonly Dictionary<string, List<string>> _parts = [];
    private readonly Dictionary<string, string> _complete = [];
    private readonly List<Node> _nodes = [];
    private readonly List<Node?> _sources = [];
    private readonly List<TensorData> _constants = [];

    private Node? _source;

    private Differentiation(Model model, HashSet<string> leading)
    {
        _model = model;
        _leading = leading;
        _names = new UniqueNames(model.Graph);
    }

    /// <summary>Adds gradient nodes to a model.</summary>
    /// <param name="model">The model in an opset of at least <see cref="GradientContext.LeastOpset"/>; the lengths of its inputs are all known. Wanted values are inputs of it, not initializers.</param>
    /// <param name="loss">The name of the value to differentiate, a scalar.</param>
    /// <param name="wanted">The names of inputs whose gradients are wanted.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">The model cannot be typed, or an operator between the wanted values and the loss has no gradient; every one is listed.</exception>
    public static GradientGraph Of(Model model, string loss, IReadOnlyCollection<string> wanted, Limits? limits = null)
    {
        if (model.Opset() is not >= GradientContext.LeastOpset) throw new ArgumentException($"the model is of opset {model.Opset()}, gradients need at least {GradientContext.LeastOpset}", nameof(model));
        var problems = new ProblemList();
        using var constants = new ConstantTable();
        var typed = Typed(model, loss, constants, problems, limits ?? Limits.Default);
        problems.ThrowIfErrors(model.File);
        var leading = Leading(typed, wanted);
        var walk = new Differentiation(model, leading);
        walk.Seed(loss, typed);
        foreach (var node in typed.Reverse())
        {
            if (node.Context is not { } context) throw new ConvTransferException(FailureCause.Unsupported, $"{node.Node.DisplayName}: the type of one of its inputs cannot be told", model.File, node.Node.DisplayName);
            if (!node.Node.Inputs.Any(leading.Contains) || !node.Node.Outputs.Any(o => o.Length > 0 && walk._parts.ContainsKey(o))) continue;
            walk._source = node.Node;
            try
            {
                context.Operator.Gradient(new Context(walk, context));
            }
            catch (ConvTransferException e)
            {
                problems.Error(e.Cause, e.Detail, e.Node ?? node.Node.DisplayName);
            }
        }
        problems.ThrowIfErrors(model.File);
        walk._source = null;
        return walk.Result(wanted);
    }

    private static IReadOnlyList<TypedNode> Typed(Model model, string loss, ConstantTable constants, ProblemList problems, Limits limits)
    {
        var order = NodeOrder.Needed(model.Graph, [loss], problems);
        problems.ThrowIfErrors(model.File);
        foreach (var data in model.Graph.Initializers) constants.Add(data.Name, data);
        var types = new TypeInference(OperatorSet.Training, model.Opset, constants, problems) { Limits = limits };
        foreach (var input in model.Graph.RequiredInputs)
            if (input.Type is TensorType type) types.Declare(input.Name, type);
        return types.Run(order);
    }

    // The values that a wanted one leads to, through numbers that vary with it: not through shapes, indices and truth values.
    private static HashSet<string> Leading(IReadOnlyList<TypedNode> typed, IEnumerable<string> wanted)
    {
        var leading = wanted.ToHashSet();
        foreach (var (node, context) in typed)
        {
            if (context is null || context.Operator.DependsOnShapesOnly || !node.Inputs.Any(leading.Contains)) continue;
            for (int i = 0; i < context.OutputCount; i++)
                if (context.HasOutput(i) && context.Output(i).ElementType.IsFloat()) leading.Add(node.Outputs[i]);
        }
        return leading;
    }

    private void Seed(string loss, IReadOnlyList<TypedNode> typed)
    {
        var maker = typed.First(t => t.Node.Outputs.Contains(loss));
        var type = maker.Context?.Output(maker.Node.Outputs.IndexOf(loss)) ?? throw new ConvTransferException(FailureCause.Unsupported, $"{maker.Node.DisplayName}: the type of the loss cannot be told", _model.File, maker.Node.DisplayName);
        if (type.ToShape().ElementCount != 1) throw new ArgumentException($"the loss '{loss}' is {type}, expected a single number", nameof(loss));
        long[] dims = [.. type.ToShape().Dims];
        _parts[loss] = [Constant(type.ElementType == ElementType.Float64 ? TensorData.From<double>("", dims, [1]) : TensorData.From<float>("", dims, [1]))];
    }

    // What several readers of a value ask for is added up in the order in which the walk meets them.
    private string? Complete(string value)
    {
        if (_complete.TryGetValue(value, out string? known)) return known;
        if (!_parts.TryGetValue(value, out var parts)) return null;
        string sum = parts[0];
        for (int i = 1; i < parts.Count; i++) sum = Emit("Add", [sum, parts[i]], 1, null, "", $"{value}_gradient")[0];
        return _complete[value] = sum;
    }

    private string Constant(TensorData data)
    {
        string name = _names.Fresh("constant");
        _constants.Add(data with { Name = name, Origin = null });
        return name;
    }

    private string[] Emit(string op, ValueList<string> inputs, int outputs, NodeAttribute[]? attributes, string domain, string hint)
    {
        string[] names = [.. Enumerable.Range(0, outputs).Select(_ => _names.Fresh(hint))];
        _sources.Add(_source);
        _nodes.Add(new Node(op, inputs, ValueList.Create<string>(names)) { Name = _names.Fresh($"{hint}/{op}"), Domain = domain, Attributes = [.. attributes ?? []] });
        return names;
    }

    private GradientGraph Result(IEnumerable<string> wanted)
    {
        var gradients = wanted.Distinct().ToDictionary(name => name, Complete);
        var graph = _model.Graph with { Nodes = [.. _model.Graph.Nodes, .. _nodes], Initializers = [.. _model.Graph.Initializers, .. _constants] };
        var imports = _model.OpsetImports.Where(o => o.CanonicalDomain != GradientOperators.Domain).Append(new OpsetImport(GradientOperators.Domain, GradientOperators.Version));
        return new GradientGraph(_model with { Graph = graph, OpsetImports = [.. imports] }, gradients, _sources);
    }

    private sealed class Context(Differentiation walk, NodeContext n) : GradientContext(n)
    {
        public override bool IsWanted(int input) => N.HasInput(input) && walk._leading.Contains(N.Node.Inputs[input]);

        public override string? OutputGradient(int output) => N.HasOutput(output) ? walk.Complete(N.Node.Outputs[output]) : null;

        public override void Accumulate(int input, string gradient)
        {
            if (!IsWanted(input)) return;
            string value = N.Node.Inputs[input];
            if (!walk._parts.TryGetValue(value, out var parts)) walk._parts[value] = parts = [];
            parts.Add(gradient);
        }

        public override string[] Nodes(string op, ValueList<string> inputs, int outputs, NodeAttribute[]? attributes = null, string domain = "") =>
            walk.Emit(op, inputs, outputs, attributes, domain, $"{(N.Node.Name.Length > 0 ? N.Node.Name : N.Node.Outputs.First(o => o.Length > 0))}/gradient");

        public override string Constant(TensorData data) => walk.Constant(data);
    }
}
