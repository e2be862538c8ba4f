using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Runtime;

/// <summary>What all plans of a model share: the needed nodes in order, functions inlined, and the constants.</summary>
internal sealed class PreparedModel : IDisposable
{
    /// <summary>Prepares a model.</summary>
    /// <exception cref="ConvTransferException">The graph's structure is broken; every problem is listed.</exception>
    public PreparedModel(Model model, IEnumerable<string>? outputs, Limits limits, OperatorSet operators)
    {
        Limits = limits;
        Operators = operators;
        var problems = new ProblemList();
        Model = FunctionInlining.Inline(model, problems, limits);
        Outputs = [.. outputs ?? model.Graph.Outputs.Select(o => o.Name)];
        var nodes = NodeOrder.Needed(Model.Graph, Outputs, problems);
        problems.ThrowIfErrors(model.File);
        foreach (var data in Model.Graph.Initializers) Constants.Add(data.Name, data, widenHalf: true);
        Nodes = Folded(nodes);
        // An input that nothing needs must not be asked for.
        var read = Nodes.SelectMany(n => n.Inputs).Concat(Outputs).ToHashSet();
        Inputs = [.. Model.Graph.RequiredInputs.Where(i => read.Contains(i.Name) || outputs is null)];
        DecidesShape = FindDeciding();
        HalfValues = FindHalf(nodes, problems);
        if (problems.HasErrors) Constants.Dispose();
        problems.ThrowIfErrors(model.File);
    }

    /// <summary>The model with its functions inlined.</summary>
    public Model Model { get; }

    public Limits Limits { get; }

    public OperatorSet Operators { get; }

    /// <summary>The nodes to plan, in order.</summary>
    public Node[] Nodes { get; }

    /// <summary>The inputs that a caller gives, in the graph's order.</summary>
    public ValueInfo[] Inputs { get; }

    /// <summary>For each input whether its value decides shapes.</summary>
    public bool[] DecidesShape { get; }

    /// <summary>The names of the outputs, in order.</summary>
    public string[] Outputs { get; }

    /// <summary>Wanted values that the graph computes in float16.</summary>
    public HashSet<string> HalfValues { get; }

    /// <summary>Initializers, and what follows from them alone.</summary>
    public ConstantTable Constants { get; } = new();

    public void Dispose() => Constants.Dispose();

    // What constants alone decide is computed once, whatever its size. Problems are left to the plan's own walk.
    private Node[] Folded(List<Node> nodes)
    {
        var walk = new TypeInference(Operators, Model.Opset, Constants, new ProblemList()) { WidenHalf = true, FoldEverything = true, Limits = Limits };
        walk.Run(nodes);
        return [.. nodes.Where(n => !n.Outputs.Any(o => o.Length > 0) || n.Outputs.Any(o => o.Length > 0 && !Constants.Contains(o)))];
    }

    // Backwards from every parameter that decides a shape to the inputs that it is computed from; through Shape nothing but shapes passes.
    private bool[] FindDeciding()
    {
        var deciding = new HashSet<string>();
        foreach (var node in Nodes.Reverse())
        {
            var op = Operators.Find(node.CanonicalDomain, node.OpType);
            if (op is null || Model.Opset(node.CanonicalDomain) is not long opset || op.DependsOnShapesOnly) continue;
            Parameter[] formal = [.. op.Schema.InputsOf(op.Schema.VersionIn(opset))];
            bool all = node.Outputs.Any(deciding.Contains);
            for (int i = 0; i < node.Inputs.Count; i++)
                if (all || OperatorSchema.At(formal, i) is { DecidesShape: true }) deciding.Add(node.Inputs[i]);
        }
        return Array.ConvertAll(Inputs, i => deciding.Contains(i.Name) && i.Type is TensorType { ElementType: not ElementType.String, Dims: not { Count: > 1 } });
    }

    // The declared types tell which wanted values are float16; a walk without widening tells it where they are not declared.
    // Only this walk sees that float16 meets float32 at a node that takes one type: in the plan both are float32.
    private HashSet<string> FindHalf(List<Node> nodes, ProblemList problems)
    {
        using var own = new ConstantTable();
        foreach (var data in Model.Graph.Initializers) own.Add(data.Name, data);
        if (!Model.Graph.Initializers.Any(t => t.ElementType == ElementType.Float16) && !Model.Graph.Inputs.Any(i => i.Type is TensorType { ElementType: ElementType.Float16 }) && !nodes.Any(n => n.OpType is "Cast" or "CastLike" or "Constant" or "ConstantOfShape")) return [];
        var found = new ProblemList();
        var walk = new TypeInference(Operators, Model.Opset, own, found) { Limits = Limits };
        foreach (var input in Model.Graph.RequiredInputs)
            if (input.Type is TensorType type) walk.Declare(input.Name, type);
        walk.Run(nodes);
        foreach (var problem in found.Errors)
            if (problem.Cause == FailureCause.ModelInvalid) problems.Add(problem);
        var half = Outputs.Where(name => walk.TypeOf(name) is { ElementType: ElementType.Float16 }).ToHashSet();
        foreach (var output in Model.Graph.Outputs)
            if (walk.TypeOf(output.Name) is null && output.Type is TensorType { ElementType: ElementType.Float16 }) half.Add(output.Name);
        return half;
    }
}
