using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Graphs;

/// <summary>A named attribute of a node.</summary>
public sealed record NodeAttribute(string Name, AttributeValue Value)
{
    /// <summary>The documentation string; null when the file has none.</summary>
    public string? DocString { get; init; }

    /// <summary>The element of the source file that this came from; opaque to everyone but the exporter.</summary>
    public object? Origin { get; init; }
}

/// <summary>The value of an attribute: one of ONNX's attribute types.</summary>
public abstract record AttributeValue
{
    private AttributeValue()
    {
    }

    /// <summary>ONNX's name of the type, such as "INTS".</summary>
    public abstract string TypeName { get; }

    public sealed record Float(float Value) : AttributeValue
    {
        public override string TypeName => "FLOAT";
    }

    public sealed record Int(long Value) : AttributeValue
    {
        public override string TypeName => "INT";
    }

    /// <summary>A byte string; <see cref="Text"/> reads it as UTF-8.</summary>
    public sealed record String(ValueList<byte> Utf8) : AttributeValue
    {
        public String(string text) : this(ValueList.Create<byte>(System.Text.Encoding.UTF8.GetBytes(text)))
        {
        }

        public override string TypeName => "STRING";

        public string Text => System.Text.Encoding.UTF8.GetString(Utf8.AsSpan());
    }

    public sealed record Tensor(TensorData Value) : AttributeValue
    {
        public override string TypeName => "TENSOR";
    }

    public sealed record Subgraph(Graph Value) : AttributeValue
    {
        public override string TypeName => "GRAPH";
    }

    public sealed record Floats(ValueList<float> Values) : AttributeValue
    {
        public override string TypeName => "FLOATS";
    }

    public sealed record Ints(ValueList<long> Values) : AttributeValue
    {
        public override string TypeName => "INTS";
    }

    public sealed record Strings(ValueList<ValueList<byte>> Utf8) : AttributeValue
    {
        public override string TypeName => "STRINGS";

        public IEnumerable<string> Texts => Utf8.Select(s => System.Text.Encoding.UTF8.GetString(s.AsSpan()));
    }

    public sealed record Tensors(ValueList<TensorData> Values) : AttributeValue
    {
        public override string TypeName => "TENSORS";
    }

    public sealed record Subgraphs(ValueList<Graph> Values) : AttributeValue
    {
        public override string TypeName => "GRAPHS";
    }

    /// <summary>Inside a function: the value of the calling node's attribute of that name.</summary>
    public sealed record Reference(string Attribute, string DeclaredType) : AttributeValue
    {
        public override string TypeName => DeclaredType;
    }

    /// <summary>A sparse tensor, a type, or a kind this library does not know: kept, not computed with.</summary>
    public sealed record Other(string Kind) : AttributeValue
    {
        public override string TypeName => Kind;
    }
}
