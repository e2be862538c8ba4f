using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators;

/// <summary>The walk that gives every value of a graph its type, folds what is constant, and collects what is wrong with every node.</summary>
internal sealed class TypeInference
{
    /// <summary>Nodes whose outputs have at most this many elements are folded in every walk; larger ones only where <see cref="FoldEverything"/> is set.</summary>
    public const long SmallFold = 4096;

    /// <summary>Vectors of at most this many lengths are followed where their numbers are not known.</summary>
    public const int MostElements = 64;

    private readonly OperatorSet _operators;
    private readonly Func<string, long?> _opset;
    private readonly ProblemList _problems;
    private readonly Dictionary<string, TensorType?> _types = [];
    private readonly Dictionary<string, ValueList<Dim>> _elements = [];
    private int _fresh;

    /// <summary>Creates a walk.</summary>
    /// <param name="operators">The operators that exist.</param>
    /// <param name="opset">The version imported for a domain, or null.</param>
    /// <param name="constants">What is known; folded results are added to it.</param>
    /// <param name="problems">Takes what is found.</param>
    public TypeInference(OperatorSet operators, Func<string, long?> opset, ConstantTable constants, ProblemList problems)
    {
        _operators = operators;
        _opset = opset;
        Constants = constants;
        _problems = problems;
    }

    /// <summary>What is known while planning.</summary>
    public ConstantTable Constants { get; }

    /// <summary>True to fold every node whose inputs are constant, whatever its size.</summary>
    public bool FoldEverything { get; init; }

    /// <summary>True to hold float16 values as float32.</summary>
    public bool WidenHalf { get; init; }

    /// <summary>How many bytes and axes one value may have.</summary>
    public Limits Limits { get; init; } = Limits.Default;

    /// <summary>The type of a value; null when it is not known.</summary>
    public TensorType? TypeOf(string name) => _types.GetValueOrDefault(name) ?? Constants.TypeOf(name);

    /// <summary>Declares the type of a value that the nodes only read. Lengths that are not known get symbols of their own.</summary>
    public void Declare(string name, TensorType type) => _types[name] = Named(Widened(type));

    /// <summary>Types the nodes, which must be in an order in which every value is made before it is read.</summary>
    public IReadOnlyList<TypedNode> Run(IEnumerable<Node> nodes)
    {
        var result = new List<TypedNode>();
        foreach (var node in nodes) result.Add(new TypedNode(node, Visit(node)));
        return result;
    }

    private NodeContext? Visit(Node node)
    {
        foreach (string output in node.Outputs) _types[output] = null;
        if (Resolve(node) is not var (op, opset)) return null;
        int before = _problems.Count;
        SchemaCheck.Check(node, op.Schema, op.Schema.VersionIn(opset), _problems);
        if (_problems.Count > before) return null;

        var inputs = new TensorType?[node.Inputs.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (node.Inputs[i].Length == 0) continue;
            inputs[i] = TypeOf(node.Inputs[i]);
            if (inputs[i]?.Dims is null) return null;
        }
        var context = new NodeContext(node, op, opset, inputs, i => Constants.Find(node.Inputs[i]), i => _elements.TryGetValue(node.Inputs[i], out var known) ? known : null);
        try
        {
            CheckTypes(context);
            var outputs = op.InferTypes(context);
            for (int i = 0; i < outputs.Length; i++) outputs[i] = CheckedSize(context, Named(Widened(outputs[i])));
            context.SetOutputs(outputs);
            for (int i = 0; i < outputs.Length && i < node.Outputs.Count; i++)
                if (node.Outputs[i].Length > 0) _types[node.Outputs[i]] = outputs[i];
            Fold(context);
            FollowElements(context);
            return context;
        }
        catch (ConvTransferException e)
        {
            _problems.Error(e.Cause, e.Detail, e.Node ?? node.DisplayName);
            return null;
        }
        catch (OverflowException)
        {
            _problems.Error(FailureCause.Limit, $"{node.DisplayName} ({op}): a size does not fit 63 bits; it is beyond every memory limit", node.DisplayName);
            return null;
        }
    }

    private (Operator Op, long Opset)? Resolve(Node node)
    {
        string domain = node.CanonicalDomain, shown = domain.Length == 0 ? "ai.onnx" : DisplayText.Escape(domain);
        var op = _operators.Find(domain, node.OpType);
        if (op is null)
        {
            _problems.Error(FailureCause.Unsupported, $"{node.DisplayName}: operator {DisplayText.Escape(node.OpType)} of domain {shown} is not supported", node.DisplayName);
            return null;
        }
        if (_opset(domain) is not long opset)
        {
            _problems.Error(FailureCause.ModelInvalid, $"{node.DisplayName}: the model imports no opset of domain {shown}", node.DisplayName);
            return null;
        }
        if (op.Schema.VersionIn(opset) == 0)
        {
            _problems.Error(FailureCause.Unsupported, $"{node.DisplayName}: operator {op} does not exist in opset {opset}; it exists since {op.Schema.Since[0]}{(op.Schema.RemovedIn is int end ? $" and until {end - 1}" : "")}", node.DisplayName);
            return null;
        }
        return (op, opset);
    }

    // One element type for each type parameter, among the allowed ones.
    private static void CheckTypes(NodeContext n)
    {
        var bound = new Dictionary<string, ElementType>();
        Parameter[] formal = [.. n.Operator.Schema.InputsOf(n.Version)];
        for (int i = 0; i < n.InputCount; i++)
        {
            if (!n.HasInput(i)) continue;
            var parameter = OperatorSchema.At(formal, i)!;
            var type = n.Input(i).ElementType;
            string name = DisplayText.Escape(n.Node.Inputs[i]);
            // What the engine has no numbers for, such as bfloat16, may be right by the standard.
            if (!type.IsSupported() || parameter.Type.Unsupported.Contains(type)) throw n.Unsupported($"input {parameter.Name} ('{name}') is of type {type.OnnxName()}, which is not supported here; expected {parameter.Type}");
            n.Require(parameter.Type.Allows(type), $"input {parameter.Name} ('{name}') is of type {type.OnnxName()}, expected {parameter.Type}");
            if (parameter.Heterogeneous) continue;
            if (bound.TryGetValue(parameter.Type.Name, out var other)) n.Require(other == type, $"input {parameter.Name} ('{name}') is of type {type.OnnxName()}, but another input of type parameter {parameter.Type.Name} is {other.OnnxName()}");
            else bound[parameter.Type.Name] = type;
        }
    }

    // A value that alone is beyond the limit is refused before anything is made for it.
    private TensorType CheckedSize(NodeContext n, TensorType type)
    {
        // A gradient may split every axis in two.
        int most = ReferenceEquals(_operators, OperatorSet.Training) ? 2 * Limits.Rank : Limits.Rank;
        if (type.Dims is { Count: int rank } && rank > most) throw n.OverLimit($"the output has {rank} axes, at most {most} are supported");
        if (!type.IsStatic) return type;
        long count = 1;
        bool isEmpty = false;
        foreach (var dim in type.Dims!.Value)
        {
            n.Require(dim.Value >= 0, $"the output would have shape {type}");
            if (dim.Value > 0) count = checked(count * dim.Value);
            else isEmpty = true;
        }
        long bytes = checked(count * 8) / 8 * System.Math.Max(1, type.ElementType.SizeInBytes());
        if (!isEmpty && bytes > Limits.MemoryBytes) throw n.OverLimit($"the output {type} needs {bytes} bytes, beyond the memory limit of {Limits.MemoryBytes} bytes");
        return type;
    }

    private void Fold(NodeContext n)
    {
        var outputs = Enumerable.Range(0, n.OutputCount).Where(n.HasOutput).ToArray();
        if (outputs.Length == 0 || outputs.Any(i => !n.Output(i).IsStatic)) return;
        for (int i = 0; i < n.InputCount; i++)
        {
            if (!n.HasInput(i) || Constants.Contains(n.Node.Inputs[i])) continue;
            if (!n.Operator.DependsOnShapesOnly || !n.Input(i).IsStatic) return;
        }
        long elements = outputs.Sum(i => n.OutputShape(i).ElementCount);
        if (!FoldEverything && elements > SmallFold) return;
        if (elements > Limits.MemoryBytes / 8) throw n.OverLimit($"the result {n.Output(outputs[0])} is beyond the memory limit of {Limits.MemoryBytes} bytes");
        var x = new Tensor?[n.InputCount];
        for (int i = 0; i < x.Length; i++) x[i] = n.HasInput(i) ? Constants.Find(n.Node.Inputs[i]) : null;
        var y = n.HasNothingToRun ? [.. Enumerable.Range(0, n.OutputCount).Select(i => Tensor.Uninitialized(n.Output(i).ElementType, n.OutputShape(i)))] : n.Operator.Evaluate(n, x);
        for (int i = 0; i < y.Length; i++)
        {
            if (!n.HasOutput(i)) y[i].Dispose();
            else Constants.Add(n.Node.Outputs[i], WidenHalf && y[i].ElementType == ElementType.Float16 ? HalfConversion.Widen(y[i]) : y[i]);
        }
    }

    // Where a vector of lengths is not constant, what is known of its elements goes on: so a Reshape to [N, -1] keeps its N.
    private void FollowElements(NodeContext n)
    {
        if (!n.HasOutput(0) || Constants.Contains(n.Node.Outputs[0]) || n.Output(0) is not { ElementType: ElementType.Int64 or ElementType.Int32, Dims.Count: <= 1 }) return;
        if (n.Operator.InferElements(n) is { Length: <= MostElements } elements && elements.Any(e => e.IsKnown || e.Symbol is not null)) _elements[n.Node.Outputs[0]] = [.. elements];
    }

    private TensorType Widened(TensorType type) => WidenHalf && type.ElementType == ElementType.Float16 ? type with { ElementType = ElementType.Float32 } : type;

    // A symbol for every unknown length: where one value's length is handed on, both are then known to be the same.
    private TensorType Named(TensorType type)
    {
        if (type.Dims is not { } dims || dims.All(d => d.IsKnown || d.Symbol is not null)) return type;
        return type with { Dims = dims.Select(d => d.IsKnown || d.Symbol is not null ? d : Dim.Of($"?{_fresh++}")).ToValueList() };
    }
}
