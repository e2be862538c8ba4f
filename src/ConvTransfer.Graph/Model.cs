namespace ConvTransfer.Graphs;

/// <summary>The version of one operator domain that a model is written in.</summary>
public sealed record OpsetImport(string Domain, long Version)
{
    /// <summary>The domain, with "ai.onnx" written as the empty string.</summary>
    public string CanonicalDomain => Domain == "ai.onnx" ? "" : Domain;
}

/// <summary>An operator that the model defines itself by nodes of other operators.</summary>
public sealed record Function(string Domain, string Name, ValueList<string> Inputs, ValueList<string> Outputs, ValueList<Node> Nodes)
{
    /// <summary>The overload (IR 10); mostly empty.</summary>
    public string Overload { get; init; } = "";

    /// <summary>Names of attributes that a calling node must or may give.</summary>
    public ValueList<string> Attributes { get; init; }

    /// <summary>Attributes with the values they have where the calling node gives none.</summary>
    public ValueList<NodeAttribute> DefaultAttributes { get; init; }

    /// <summary>The opsets that the body is written in.</summary>
    public ValueList<OpsetImport> OpsetImports { get; init; }

    /// <summary>The element of the source file that this came from; opaque to everyone but the exporter.</summary>
    public object? Origin { get; init; }
}

/// <summary>An ONNX file's whole content. Immutable: an edit makes a new model that shares what it did not touch.</summary>
public sealed record Model(Graph Graph)
{
    /// <summary>The version of the file format.</summary>
    public long IrVersion { get; init; }

    /// <summary>The operator domains in use, in the file's order.</summary>
    public ValueList<OpsetImport> OpsetImports { get; init; }

    /// <summary>The program that made the file.</summary>
    public string? ProducerName { get; init; }

    /// <summary>That program's version.</summary>
    public string? ProducerVersion { get; init; }

    /// <summary>The model's own namespace.</summary>
    public string? Domain { get; init; }

    /// <summary>The model's own version.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>The documentation string; null when the file has none.</summary>
    public string? DocString { get; init; }

    /// <summary>Key and value pairs, in the file's order.</summary>
    public ValueList<KeyValuePair<string, string>> Metadata { get; init; }

    /// <summary>Operators that the model defines itself.</summary>
    public ValueList<Function> Functions { get; init; }

    /// <summary>The file's name as the caller gave it, for messages; null for a model made in memory.</summary>
    public string? File { get; init; }

    /// <summary>The element of the source file that this came from; opaque to everyone but the exporter.</summary>
    public object? Origin { get; init; }

    /// <summary>The version imported for a domain ("" for ai.onnx), or null.</summary>
    public long? Opset(string domain = "")
    {
        foreach (var import in OpsetImports)
            if (import.CanonicalDomain == domain) return import.Version;
        return null;
    }

    /// <summary>The value of a metadata entry, or null.</summary>
    public string? MetadataValue(string key)
    {
        foreach (var entry in Metadata)
            if (entry.Key == key) return entry.Value;
        return null;
    }
}
