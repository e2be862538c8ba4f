using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Writes a model in a newer opset: every node is rewritten by what its operator says about itself.</summary>
public static class OpsetLift
{
    private const string MachineLearning = "ai.onnx.ml";

    /// <summary>The same network in one opset of ai.onnx, with the calls of its own functions replaced by their nodes.</summary>
    /// <param name="model">The model. Where it is in that opset already and has no functions, it is returned as it is.</param>
    /// <param name="opset">The version of ai.onnx to write; not older than the model's.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <returns>The lifted model. Inputs, outputs and initializers are the model's; constants that the new nodes need are added.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The model is written in a newer opset.</exception>
    /// <exception cref="ConvTransferException">A node cannot be written in that opset, or is of a domain other than ai.onnx and ai.onnx.ml; every one is listed.</exception>
    public static Model LiftTo(Model model, long opset, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        limits ??= Limits.Default;
        var problems = new ProblemList();
        var flat = FunctionInlining.Inline(model, problems, limits);
        foreach (var node in flat.Graph.Nodes)
            if (node.CanonicalDomain is not ("" or MachineLearning)) problems.Error(FailureCause.Unsupported, $"{node.DisplayName} is of domain {DisplayText.Escape(node.Domain)}, which is not the standard's", node.DisplayName);
        problems.ThrowIfErrors(model.File);
        long source = flat.Opset() ?? throw new ConvTransferException(FailureCause.ModelInvalid, "the model imports no opset of ai.onnx", model.File);
        ArgumentOutOfRangeException.ThrowIfLessThan(opset, source);
        return source == opset ? flat : new Work(flat, opset, limits).Lifted();
    }

    private sealed class Work : LiftContext
    {
        private readonly Model _model;
        private readonly UniqueNames _names;
        private readonly Limits _limits;
        private readonly ProblemList _problems = new();
        private readonly List<TensorData> _constants = [];

        public Work(Model model, long opset, Limits limits)
        {
            _model = model;
            _names = new UniqueNames(model.Graph);
            _limits = limits;
            TargetOpset = opset;
        }

        public override long TargetOpset { get; }

        public override string Constant(string hint, TensorData data)
        {
            string name = _names.Fresh(hint);
            _constants.Add(data with { Name = name, Origin = null });
            return name;
        }

        public override string FreshName(string hint) => _names.Fresh(hint);

        public Model Lifted()
        {
            var graph = _model.Graph;
            var order = NodeOrder.Needed(graph, graph.Nodes.SelectMany(n => n.Outputs).Where(o => o.Length > 0), _problems);
            _problems.ThrowIfErrors(_model.File);
            using var known = new ConstantTable();
            foreach (var data in graph.Initializers) known.Add(data.Name, data);
            var walk = new TypeInference(OperatorSet.Standard, _model.Opset, known, _problems) { Limits = _limits };
            foreach (var input in graph.RequiredInputs)
                if (input.Type is TensorType type) walk.Declare(input.Name, type);
            Node[] nodes = [.. walk.Run(order).SelectMany(typed => Lifted(typed, walk))];
            _problems.ThrowIfErrors(_model.File);
            return _model with
            {
                Graph = graph with { Nodes = [.. nodes], Initializers = [.. graph.Initializers, .. _constants] },
                OpsetImports = _model.OpsetImports.Where(o => o.CanonicalDomain.Length == 0 || nodes.Any(n => n.CanonicalDomain == o.CanonicalDomain))
                    .Select(o => o.CanonicalDomain.Length == 0 ? o with { Version = TargetOpset } : o).ToValueList(),
            };
        }

        private Node[] Lifted(TypedNode typed, TypeInference walk)
        {
            var node = typed.Node;
            foreach (var body in node.Subgraphs) RequireUnchanged(body);
            if (typed.Context is not { } context)
            {
                // Where the operator is unknown or the node is wrong, the type walk has said so.
                bool isTyped = node.Inputs.All(i => i.Length == 0 || walk.TypeOf(i)?.Dims is not null);
                if (!isTyped && IsBroken(node)) _problems.Error(FailureCause.Unsupported, $"{node.DisplayName}: the type of one of its inputs cannot be told, so it cannot be rewritten for opset {TargetOpset}", node.DisplayName);
                return [node];
            }
            try
            {
                return context.Operator.Lift(context, this);
            }
            catch (ConvTransferException e)
            {
                _problems.Error(e.Cause, e.Detail, e.Node ?? node.DisplayName);
                return [node];
            }
        }

        // The values that a body captures have types that this walk does not hand down; so a body must be the same in both opsets.
        private void RequireUnchanged(Graph body)
        {
            foreach (var node in body.Nodes)
            {
                if (OperatorSet.Standard.Find(node.CanonicalDomain, node.OpType) is null || IsBroken(node))
                    _problems.Error(FailureCause.Unsupported, $"{node.DisplayName} stands in the body of another node and cannot be rewritten there for opset {TargetOpset}", node.DisplayName);
                foreach (var inner in node.Subgraphs) RequireUnchanged(inner);
            }
        }

        private bool IsBroken(Node node)
        {
            if (node.CanonicalDomain.Length > 0 || OperatorSet.Standard.Find("", node.OpType) is not { } op) return false;
            return op.Schema.VersionIn(TargetOpset) == 0 || op.Schema.Breaking.Any(version => _model.Opset() < version && version <= TargetOpset);
        }
    }
}
