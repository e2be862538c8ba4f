using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>Replaces calls of model-local functions by the functions' nodes, in the planner's copy of a graph.</summary>
internal static class FunctionInlining
{
    /// <summary>The model without calls. Recursion, too great a depth and too many nodes are problems.</summary>
    public static Model Inline(Model model, ProblemList problems, Limits limits)
    {
        if (model.Functions.Count == 0) return model;
        var work = new Work(model, problems, limits);
        foreach (var node in model.Graph.Nodes) work.Expand(node, depth: 0);
        return model with { Graph = model.Graph with { Nodes = work.Result.ToValueList() }, Functions = [], OpsetImports = work.Opsets.Select(o => new OpsetImport(o.Key, o.Value)).ToValueList() };
    }

    private sealed class Work
    {
        private readonly Dictionary<(string, string, string), Function> _functions = [];
        private readonly ProblemList _problems;
        private readonly Limits _limits;
        private int _calls;

        public Work(Model model, ProblemList problems, Limits limits)
        {
            _problems = problems;
            _limits = limits;
            foreach (var function in model.Functions) _functions[(Canonical(function.Domain), function.Name, function.Overload)] = function;
            foreach (var import in model.OpsetImports) Opsets[import.CanonicalDomain] = import.Version;
        }

        public List<Node> Result { get; } = [];

        public Dictionary<string, long> Opsets { get; } = [];

        private static string Canonical(string domain) => domain == "ai.onnx" ? "" : domain;

        public void Expand(Node node, int depth)
        {
            // What is beyond the limit is not expanded any more: calls can multiply without end.
            if (Result.Count > _limits.InlinedNodes) return;
            if (!_functions.TryGetValue((node.CanonicalDomain, node.OpType, node.Overload), out var function))
            {
                if (Result.Count == _limits.InlinedNodes) _problems.Error(FailureCause.Limit, $"the functions expand to more than {_limits.InlinedNodes} nodes");
                if (Result.Count <= _limits.InlinedNodes) Result.Add(node);
                return;
            }
            if (depth >= _limits.FunctionDepth)
            {
                _problems.Error(FailureCause.Limit, $"{node.DisplayName}: functions call each other more than {_limits.FunctionDepth} deep, or themselves", node.DisplayName);
                return;
            }
            foreach (var import in function.OpsetImports)
            {
                if (!Opsets.TryAdd(import.CanonicalDomain, import.Version) && Opsets[import.CanonicalDomain] != import.Version && Calls(function, import.CanonicalDomain))
                    _problems.Error(FailureCause.Unsupported, $"{node.DisplayName}: its function is written in opset {import.Version} of '{DisplayText.Escape(import.Domain)}', the model in {Opsets[import.CanonicalDomain]}; both in one model are not supported", node.DisplayName);
            }
            string prefix = $"{(node.Name.Length > 0 ? node.Name : node.OpType)}.{++_calls}/";
            var names = new Dictionary<string, string> { [""] = "" };
            for (int i = 0; i < function.Inputs.Count; i++) names[function.Inputs[i]] = i < node.Inputs.Count ? node.Inputs[i] : "";
            for (int i = 0; i < function.Outputs.Count; i++)
                if (i < node.Outputs.Count && node.Outputs[i].Length > 0) names[function.Outputs[i]] = node.Outputs[i];
            string Renamed(string name) => names.TryGetValue(name, out string? now) ? now : names[name] = prefix + name;
            foreach (var inner in function.Nodes)
            {
                var attributes = inner.Attributes.Select(a => Bound(a, node, function)).OfType<NodeAttribute>().ToValueList();
                Expand(inner with { Name = prefix + inner.Name, Inputs = inner.Inputs.Select(Renamed).ToValueList(), Outputs = inner.Outputs.Select(Renamed).ToValueList(), Attributes = attributes }, depth + 1);
            }
        }

        private static bool Calls(Function function, string domain) => function.Nodes.Any(n => n.CanonicalDomain == domain);

        // An attribute that refers to one the call leaves out is left out too.
        private static NodeAttribute? Bound(NodeAttribute attribute, Node call, Function function)
        {
            if (attribute.Value is not AttributeValue.Reference reference) return attribute;
            var given = call.Attribute(reference.Attribute) ?? function.DefaultAttributes.FirstOrDefault(a => a.Name == reference.Attribute);
            return given is null ? null : attribute with { Value = given.Value, Origin = null };
        }
    }
}
