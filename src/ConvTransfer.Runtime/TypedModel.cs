using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Runtime;

/// <summary>A model with its functions inlined, the nodes that its outputs need in order, and the types that follow from what the inputs declare.</summary>
internal sealed class TypedModel : IDisposable
{
    private readonly TypeInference _walk;
    private readonly ConstantTable _known = new();
    private readonly HashSet<string> _constants;

    /// <summary>Types a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="problems">Takes what is found; what could not be typed has no context.</param>
    /// <param name="batch">The length that is taken for axis 0 of every required input; null for what they declare.</param>
    public TypedModel(Model model, Limits limits, ProblemList problems, Dim? batch = null)
    {
        int before = problems.Count;
        Model = FunctionInlining.Inline(model, problems, limits);
        // What is left of functions that never end is no network to look at.
        var order = problems.Count > before ? [] : NodeOrder.Needed(Model.Graph, Model.Graph.Outputs.Select(o => o.Name), problems);
        foreach (var data in Model.Graph.Initializers) _known.Add(data.Name, data);
        _walk = new TypeInference(OperatorSet.Standard, Model.Opset, _known, problems) { Limits = limits };
        foreach (var input in Model.Graph.RequiredInputs) Declare(input, batch, problems);
        Nodes = _walk.Run(order);
        _constants = FindConstants();
        for (int i = 0; i < Nodes.Count; i++)
            foreach (string output in Nodes[i].Node.Outputs)
                if (output.Length > 0) Makers.TryAdd(output, Nodes[i]);
    }

    /// <summary>The model with its functions inlined.</summary>
    public Model Model { get; }

    /// <summary>The nodes that the outputs need, each after those that it reads.</summary>
    public IReadOnlyList<TypedNode> Nodes { get; }

    /// <summary>The node that makes a value.</summary>
    public Dictionary<string, TypedNode> Makers { get; } = [];

    /// <summary>The type of a value; null when it cannot be told.</summary>
    public TensorType? TypeOf(string name) => _walk.TypeOf(name);

    /// <summary>True when a value follows from initializers and attributes alone.</summary>
    public bool IsConstant(string name) => _constants.Contains(name) || _known.Contains(name);

    /// <summary>True when a value is an initializer of the graph.</summary>
    public bool IsInitializer(string name) => Model.Graph.Initializers.Any(t => t.Name == name);

    /// <summary>The operator of a node; null when there is none of that name.</summary>
    public static Operator? OperatorOf(Node node) => OperatorSet.Standard.Find(node.CanonicalDomain, node.OpType);

    /// <summary>The part that a node's operator plays.</summary>
    public static OperatorRole RoleOf(Node node) => OperatorOf(node)?.Role ?? OperatorRole.Other;

    /// <summary>The first input of a node that is no constant: what the node works on. Null when it works on none.</summary>
    public string? DataInput(Node node) => node.Inputs.FirstOrDefault(i => i.Length > 0 && !IsConstant(i));

    /// <summary>The constant inputs of a node that are numbers to compute with, and not lengths, axes and the like.</summary>
    public IEnumerable<string> Weights(Node node)
    {
        var op = OperatorOf(node);
        Parameter[] formal = op is null || Model.Opset(node.CanonicalDomain) is not long opset ? [] : [.. op.Schema.InputsOf(op.Schema.VersionIn(opset))];
        for (int i = 0; i < node.Inputs.Count; i++)
            if (node.Inputs[i].Length > 0 && IsConstant(node.Inputs[i]) && OperatorSchema.At(formal, i) is not { DecidesShape: true }) yield return node.Inputs[i];
    }

    /// <summary>A type as a file declares it: lengths to which only this walk gave a symbol are unknown again.</summary>
    public static TensorType? Declarable(TensorType? type) =>
        type?.Dims is not { } dims ? type : type with { Dims = dims.Select(d => d.Symbol is { } s && s.StartsWith('?') ? Dim.Unknown : d).ToValueList() };

    public void Dispose() => _known.Dispose();

    private void Declare(ValueInfo input, Dim? batch, ProblemList problems)
    {
        string name = DisplayText.Escape(input.Name);
        if (input.Type is TensorType type)
            _walk.Declare(input.Name, batch is { } length && type.Dims is { Count: > 0 } dims ? type with { Dims = [length, .. dims.Skip(1)] } : type);
        else if (input.Type is null) problems.Error(FailureCause.ModelInvalid, $"input '{name}' has no type");
        else problems.Error(FailureCause.Unsupported, $"input '{name}' is of type {input.Type}; only tensors can be given");
    }

    private HashSet<string> FindConstants()
    {
        var constants = Model.Graph.Initializers.Select(t => t.Name).ToHashSet();
        foreach (var (node, _) in Nodes)
            if (node.Reads().All(constants.Contains)) constants.UnionWith(node.Outputs.Where(o => o.Length > 0));
        return constants;
    }
}
