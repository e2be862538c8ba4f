using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime.Caching;

/// <summary>The hash of what computes some values of a model: the nodes that they need, with attributes, and every bit of the initializers that these read.</summary>
/// <remarks>
/// Names of values count, those of nodes, documentation and metadata do not. What only other values need does not count, so that a new head leaves the hash of what is
/// before it as it was.
/// </remarks>
public static class ModelHash
{
    /// <summary>Hashes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="outputs">Names of the wanted values, in order; null for the graph's outputs.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">The graph's structure is broken; every problem is listed.</exception>
    public static ContentHash Of(Model model, IEnumerable<string>? outputs = null, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var problems = new ProblemList();
        var graph = FunctionInlining.Inline(model, problems, limits ?? Limits.Default);
        string[] wanted = [.. outputs ?? model.Graph.Outputs.Select(o => o.Name)];
        var nodes = NodeOrder.Needed(graph.Graph, wanted, problems);
        problems.ThrowIfErrors(model.File);
        var read = nodes.SelectMany(n => n.Reads()).Concat(wanted).ToHashSet();
        using var hasher = new ContentHasher();
        var work = new Work(hasher);
        work.Add(graph.OpsetImports, o => { hasher.Add(o.CanonicalDomain); hasher.Add(o.Version); });
        work.Add(wanted, hasher.Add);
        work.Add(graph.Graph.Outputs.Where(o => wanted.Contains(o.Name)).ToArray(), work.Add);
        work.Add(graph.Graph.Inputs.Where(i => read.Contains(i.Name)).ToArray(), work.Add);
        work.Add(nodes, work.Add);
        work.Add(graph.Graph.Initializers.Where(t => read.Contains(t.Name)).ToArray(), work.Add);
        return hasher.Finish();
    }

    private sealed class Work(ContentHasher hasher)
    {
        public void Add<T>(IReadOnlyCollection<T> items, Action<T> add)
        {
            hasher.Add(items.Count);
            foreach (var item in items) add(item);
        }

        public void Add(ValueInfo value)
        {
            hasher.Add(value.Name);
            hasher.Add(value.Type?.ToString() ?? "");
        }

        public void Add(Node node)
        {
            hasher.Add(node.CanonicalDomain);
            hasher.Add(node.OpType);
            Add(node.Inputs, hasher.Add);
            Add(node.Outputs, hasher.Add);
            Add(node.Attributes, attribute =>
            {
                hasher.Add(attribute.Name);
                hasher.Add(attribute.Value.TypeName);
                Add(attribute.Value);
            });
        }

        public void Add(TensorData tensor)
        {
            hasher.Add(tensor.Name);
            hasher.Add((long)tensor.ElementType);
            Add(tensor.Dims, hasher.Add);
            hasher.Add(tensor.Bytes.Span);
            Add(tensor.Strings, s => hasher.Add(s.Span));
        }

        private void Add(Graph body)
        {
            Add(body.Inputs, Add);
            Add(body.Nodes, Add);
            Add(body.Initializers, Add);
            Add(body.Outputs, Add);
        }

        private void Add(float value) => hasher.Add(BitConverter.SingleToInt32Bits(value));

        private void Add(AttributeValue value)
        {
            switch (value)
            {
                case AttributeValue.Float v: Add(v.Value); break;
                case AttributeValue.Int v: hasher.Add(v.Value); break;
                case AttributeValue.String v: hasher.Add(v.Utf8.AsSpan()); break;
                case AttributeValue.Tensor v: Add(v.Value); break;
                case AttributeValue.Subgraph v: Add(v.Value); break;
                case AttributeValue.Floats v: Add(v.Values, Add); break;
                case AttributeValue.Ints v: Add(v.Values, hasher.Add); break;
                case AttributeValue.Strings v: Add(v.Utf8, s => hasher.Add(s.AsSpan())); break;
                case AttributeValue.Tensors v: Add(v.Values, Add); break;
                case AttributeValue.Subgraphs v: Add(v.Values, Add); break;
                case AttributeValue.Reference v: hasher.Add(v.Attribute); break;
                default: break; // A kind that is not computed with; its type's name is in.
            }
        }
    }
}
