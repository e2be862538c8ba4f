using ConvTransfer.Core;

namespace ConvTransfer.Graphs;

/// <summary>Compares two models node by node and initializer by initializer.</summary>
/// <remarks>
/// Nodes are matched by their first output, which is unique in a sound graph; those left over by their own name and operator.
/// Everything else is matched by its name. How a file stores a tensor (raw or typed field, external data) is no difference.
/// </remarks>
public static class GraphComparison
{
    /// <summary>All differences, the model's first, then inputs and outputs, nodes in the first model's order, and initializers. Empty when the models are alike.</summary>
    public static IReadOnlyList<GraphDifference> Compare(Model first, Model second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var work = new Work();
        work.Value("ir_version", first.IrVersion, second.IrVersion);
        work.Text("producer_name", first.ProducerName, second.ProducerName);
        work.Text("producer_version", first.ProducerVersion, second.ProducerVersion);
        work.Text("domain", first.Domain, second.Domain);
        work.Value("model_version", first.ModelVersion, second.ModelVersion);
        work.Text("doc_string", first.DocString, second.DocString);
        work.Pairs("opset of", first.OpsetImports, second.OpsetImports, o => o.CanonicalDomain.Length == 0 ? "ai.onnx" : o.CanonicalDomain, o => $"version {o.Version}");
        work.Entries("", first.Metadata, second.Metadata);
        work.Graphs("", first.Graph, second.Graph);
        work.Functions(first.Functions, second.Functions);
        return work.Found;
    }

    private sealed class Work
    {
        public List<GraphDifference> Found { get; } = [];

        private void Add(string subject, string detail) => Found.Add(new GraphDifference(DifferenceKind.Added, subject, detail));

        private void Remove(string subject, string detail) => Found.Add(new GraphDifference(DifferenceKind.Removed, subject, detail));

        private void Change(string subject, string was, string now) => Found.Add(new GraphDifference(DifferenceKind.Changed, subject, $"{was} → {now}"));

        public void Value<T>(string subject, T was, T now)
        {
            if (!EqualityComparer<T>.Default.Equals(was, now)) Change(subject, was?.ToString() ?? "none", now?.ToString() ?? "none");
        }

        public void Text(string subject, string? was, string? now)
        {
            if (was != now) Change(subject, Quoted(was), Quoted(now));
        }

        /// <summary>Compares two lists whose items have a key and can be said in a few words.</summary>
        public void Pairs<T>(string what, IEnumerable<T> first, IEnumerable<T> second, Func<T, string> key, Func<T, string> describe)
        {
            string Subject(T item) => $"{what} '{DisplayText.Escape(key(item))}'";
            var match = Matching<T>.By([.. first], [.. second], key);
            foreach (var (was, now) in match.Pairs)
                if (describe(was) != describe(now)) Change(Subject(was), describe(was), describe(now));
            foreach (var item in match.Removed) Remove(Subject(item), describe(item));
            foreach (var item in match.Added) Add(Subject(item), describe(item));
            if (match.Moved > 0) Found.Add(new GraphDifference(DifferenceKind.Changed, $"order of {what}", $"{match.Moved} stand at another place"));
        }

        public void Entries(string prefix, ValueList<KeyValuePair<string, string>> first, ValueList<KeyValuePair<string, string>> second) =>
            Pairs($"{prefix}metadata", first, second, e => e.Key, e => Quoted(e.Value));

        public void Graphs(string prefix, Graph first, Graph second)
        {
            Text($"{prefix}graph name", first.Name, second.Name);
            Text($"{prefix}graph doc_string", first.DocString, second.DocString);
            Infos($"{prefix}input", first.Inputs, second.Inputs);
            Infos($"{prefix}output", first.Outputs, second.Outputs);
            Infos($"{prefix}value_info", first.ValueInfos, second.ValueInfos);
            Entries($"{prefix}graph ", first.Metadata, second.Metadata);
            Nodes(prefix, first.Nodes, second.Nodes);
            Initializers(prefix, first.Initializers, second.Initializers);
            Pairs($"{prefix}sparse initializer", first.SparseInitializers, second.SparseInitializers, s => s, _ => "sparse tensor");
        }

        private void Infos(string what, IEnumerable<ValueInfo> first, IEnumerable<ValueInfo> second)
        {
            ValueInfo[] a = [.. first], b = [.. second];
            Pairs(what, a, b, v => v.Name, v => v.Type?.ToString() ?? "no type");
            Pairs($"doc_string of {what}", a.Where(v => v.DocString is not null), b.Where(v => v.DocString is not null), v => v.Name, v => Quoted(v.DocString));
        }

        private void Nodes(string prefix, ValueList<Node> first, ValueList<Node> second)
        {
            var match = Matching<Node>.By([.. first], [.. second], n => n.Outputs.FirstOrDefault(o => o.Length > 0) ?? $" {n.Name}", n => n.Name.Length == 0 ? null : $"{n.OpType} {n.Name}");
            foreach (var (was, now) in match.Pairs) Nodes($"{prefix}{was.DisplayName}", was, now);
            foreach (var node in match.Removed) Remove(prefix + node.DisplayName, Described(node));
            foreach (var node in match.Added) Add(prefix + node.DisplayName, Described(node));
            if (match.Moved > 0) Found.Add(new GraphDifference(DifferenceKind.Changed, $"{prefix}order of nodes", $"{match.Moved} stand at another place"));
        }

        private void Nodes(string subject, Node was, Node now)
        {
            if ((was.CanonicalDomain, was.OpType, was.Overload) != (now.CanonicalDomain, now.OpType, now.Overload)) Change($"{subject} operator", Operator(was), Operator(now));
            Text($"{subject} name", was.Name, now.Name);
            if (was.Inputs != now.Inputs) Change($"{subject} inputs", Names(was.Inputs), Names(now.Inputs));
            if (was.Outputs != now.Outputs) Change($"{subject} outputs", Names(was.Outputs), Names(now.Outputs));
            Attributes($"{subject} ", was.Attributes, now.Attributes);
            Text($"{subject} doc_string", was.DocString, now.DocString);
            Entries($"{subject} ", was.Metadata, now.Metadata);
        }

        private void Attributes(string prefix, ValueList<NodeAttribute> first, ValueList<NodeAttribute> second)
        {
            var match = Matching<NodeAttribute>.By([.. first], [.. second], a => a.Name);
            foreach (var (was, now) in match.Pairs)
            {
                string subject = $"{prefix}attribute '{DisplayText.Escape(was.Name)}'";
                Text($"{subject} doc_string", was.DocString, now.DocString);
                switch (was.Value, now.Value)
                {
                    case (AttributeValue.Subgraph a, AttributeValue.Subgraph b):
                        Graphs($"{subject}: ", a.Value, b.Value);
                        break;
                    case (AttributeValue.Subgraphs a, AttributeValue.Subgraphs b) when a.Values.Count == b.Values.Count:
                        for (int i = 0; i < a.Values.Count; i++) Graphs($"{subject} {i}: ", a.Values[i], b.Values[i]);
                        break;
                    case (AttributeValue.Tensor a, AttributeValue.Tensor b):
                        if (TensorText.Difference(a.Value, b.Value) is { } difference) Found.Add(new GraphDifference(DifferenceKind.Changed, subject, difference));
                        break;
                    case var (a, b) when a != b:
                        Change(subject, AttributeText.Of(a), AttributeText.Of(b));
                        break;
                }
            }
            foreach (var attribute in match.Removed) Remove($"{prefix}attribute '{DisplayText.Escape(attribute.Name)}'", AttributeText.Of(attribute.Value));
            foreach (var attribute in match.Added) Add($"{prefix}attribute '{DisplayText.Escape(attribute.Name)}'", AttributeText.Of(attribute.Value));
        }

        private void Initializers(string prefix, ValueList<TensorData> first, ValueList<TensorData> second)
        {
            string Subject(TensorData tensor) => $"{prefix}initializer '{DisplayText.Escape(tensor.Name)}'";
            var match = Matching<TensorData>.By([.. first], [.. second], t => t.Name);
            foreach (var (was, now) in match.Pairs)
            {
                if (TensorText.Difference(was, now) is { } difference) Found.Add(new GraphDifference(DifferenceKind.Changed, Subject(was), difference));
                Text($"{Subject(was)} doc_string", was.DocString, now.DocString);
            }
            foreach (var tensor in match.Removed) Remove(Subject(tensor), tensor.Type.ToString());
            foreach (var tensor in match.Added) Add(Subject(tensor), tensor.Type.ToString());
            if (match.Moved > 0) Found.Add(new GraphDifference(DifferenceKind.Changed, $"{prefix}order of initializers", $"{match.Moved} stand at another place"));
        }

        public void Functions(ValueList<Function> first, ValueList<Function> second)
        {
            string Key(Function f) => f.Overload.Length == 0 ? $"{f.Domain}.{f.Name}" : $"{f.Domain}.{f.Name}.{f.Overload}";
            string Subject(Function f) => $"function '{DisplayText.Escape(Key(f))}'";
            var match = Matching<Function>.By([.. first], [.. second], Key);
            foreach (var (was, now) in match.Pairs)
            {
                if (was.Inputs != now.Inputs) Change($"{Subject(was)} inputs", Names(was.Inputs), Names(now.Inputs));
                if (was.Outputs != now.Outputs) Change($"{Subject(was)} outputs", Names(was.Outputs), Names(now.Outputs));
                if (was.Attributes != now.Attributes) Change($"{Subject(was)} attributes", Names(was.Attributes), Names(now.Attributes));
                Pairs($"{Subject(was)} opset of", was.OpsetImports, now.OpsetImports, o => o.CanonicalDomain.Length == 0 ? "ai.onnx" : o.CanonicalDomain, o => $"version {o.Version}");
                Attributes($"{Subject(was)} ", was.DefaultAttributes, now.DefaultAttributes);
                Nodes($"{Subject(was)}: ", was.Nodes, now.Nodes);
            }
            foreach (var function in match.Removed) Remove(Subject(function), $"{function.Nodes.Count} nodes");
            foreach (var function in match.Added) Add(Subject(function), $"{function.Nodes.Count} nodes");
        }

        private static string Quoted(string? text) => text is null ? "none" : $"'{DisplayText.Escape(text)}'";

        private static string Operator(Node node) => DisplayText.Escape(node.CanonicalDomain.Length == 0 ? node.OpType : $"{node.CanonicalDomain}.{node.OpType}");

        private static string Names(ValueList<string> names) => $"({string.Join(", ", names.Select(n => DisplayText.Escape(n)))})";

        private static string Described(Node node) =>
            $"{Names(node.Inputs)} → {Names(node.Outputs)}{string.Concat(node.Attributes.Select(a => $", {DisplayText.Escape(a.Name)} = {AttributeText.Of(a.Value)}"))}";
    }
}
