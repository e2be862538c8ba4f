using ConvTransfer.Graphs;

namespace ConvTransfer.Operators.Schema;

/// <summary>An attribute's name, type and default: the only place where they stand. Nodes' attributes are read through these objects alone.</summary>
internal abstract record AttributeDefinition(string Name)
{
    /// <summary>The first operator version that has the attribute.</summary>
    public int Since { get; init; } = 1;

    /// <summary>The last operator version that has the attribute.</summary>
    public int Until { get; init; } = int.MaxValue;

    /// <summary>True when a node must give it.</summary>
    public bool Required { get; init; }

    /// <summary>ONNX's name of the attribute type.</summary>
    public abstract string TypeName { get; }

    /// <summary>True when the value is of this attribute's type and among its allowed values.</summary>
    public abstract string? Reject(AttributeValue value);

    protected string WrongType(AttributeValue value) => $"attribute '{Name}' is of type {value.TypeName}, expected {TypeName}";
}

internal sealed record FloatAttribute(string Name, float Default = 0) : AttributeDefinition(Name)
{
    public override string TypeName => "FLOAT";

    public override string? Reject(AttributeValue value) => value is AttributeValue.Float ? null : WrongType(value);
}

internal sealed record IntAttribute(string Name, long Default = 0) : AttributeDefinition(Name)
{
    /// <summary>The least value that the standard allows, where that does not depend on the inputs.</summary>
    public long Least { get; init; } = long.MinValue;

    public override string TypeName => "INT";

    public override string? Reject(AttributeValue value) => value is not AttributeValue.Int number ? WrongType(value)
        : number.Value < Least ? $"attribute '{Name}' is {number.Value}, expected at least {Least}"
        : null;
}

/// <param name="Name">The standard's name.</param>
/// <param name="Default">The value where a node gives none.</param>
/// <param name="Allowed">The values allowed; empty when every string is.</param>
internal sealed record StringAttribute(string Name, string Default = "", params string[] Allowed) : AttributeDefinition(Name)
{
    public override string TypeName => "STRING";

    public override string? Reject(AttributeValue value) => value is not AttributeValue.String text ? WrongType(value)
        : Allowed.Length > 0 && !Allowed.Contains(text.Text) ? $"attribute '{Name}' is '{Core.DisplayText.Escape(text.Text)}', expected one of {string.Join(", ", Allowed)}"
        : null;
}

internal sealed record IntsAttribute(string Name) : AttributeDefinition(Name)
{
    /// <summary>The least value that the standard allows for each number, where that does not depend on the inputs.</summary>
    public long Least { get; init; } = long.MinValue;

    public override string TypeName => "INTS";

    public override string? Reject(AttributeValue value) => value is not AttributeValue.Ints numbers ? WrongType(value)
        : numbers.Values.Any(v => v < Least) ? $"attribute '{Name}' is [{string.Join(", ", numbers.Values.Take(16))}], expected at least {Least} on every axis"
        : null;
}

internal sealed record FloatsAttribute(string Name) : AttributeDefinition(Name)
{
    public override string TypeName => "FLOATS";

    public override string? Reject(AttributeValue value) => value is AttributeValue.Floats ? null : WrongType(value);
}

internal sealed record StringsAttribute(string Name) : AttributeDefinition(Name)
{
    public override string TypeName => "STRINGS";

    public override string? Reject(AttributeValue value) => value is AttributeValue.Strings ? null : WrongType(value);
}

internal sealed record TensorAttribute(string Name) : AttributeDefinition(Name)
{
    public override string TypeName => "TENSOR";

    public override string? Reject(AttributeValue value) => value is AttributeValue.Tensor ? null : WrongType(value);
}

/// <summary>An attribute of a kind that is kept through files but not computed with, such as a sparse tensor. An operator refuses it by name.</summary>
internal sealed record OpaqueAttribute(string Name) : AttributeDefinition(Name)
{
    public override string TypeName => "SPARSE_TENSOR";

    public override string? Reject(AttributeValue value) => value is AttributeValue.Other ? null : WrongType(value);
}
