namespace ConvTransfer.Operators.Schema;

/// <summary>An operator's signature in all its versions, side by side: inputs, outputs and attributes say since and until when they exist.</summary>
internal sealed class OperatorSchema
{
    /// <summary>Creates a schema.</summary>
    /// <param name="name">The operator's name.</param>
    /// <param name="since">The opset versions at which the operator was defined or changed, ascending.</param>
    /// <param name="domain">The domain; empty for ai.onnx.</param>
    public OperatorSchema(string name, int[] since, string domain = "")
    {
        Name = name;
        Since = since;
        Domain = domain;
    }

    /// <summary>The operator's name.</summary>
    public string Name { get; }

    /// <summary>The opset versions at which the operator was defined or changed, ascending.</summary>
    public int[] Since { get; }

    /// <summary>The domain; empty for ai.onnx.</summary>
    public string Domain { get; }

    /// <summary>The opset version from which on the operator no longer exists; null while it does.</summary>
    public int? RemovedIn { get; init; }

    /// <summary>
    /// The versions from which on a node written for an older one is no longer valid or means something else.
    /// Between two of them a newer version only adds element types or optional parts, so a node is lifted by doing nothing.
    /// </summary>
    public int[] Breaking { get; init; } = [];

    public Parameter[] Inputs { get; init; } = [];

    public Parameter[] Outputs { get; init; } = [];

    public AttributeDefinition[] Attributes { get; init; } = [];

    /// <summary>The version of the operator that an opset means, or 0 when the operator does not exist in it.</summary>
    public int VersionIn(long opset)
    {
        if (RemovedIn <= opset) return 0;
        int version = 0;
        foreach (int since in Since)
            if (since <= opset) version = since;
        return version;
    }

    /// <summary>The inputs of a version, in order.</summary>
    public IEnumerable<Parameter> InputsOf(int version) => Inputs.Where(p => p.Since <= version && version <= p.Until);

    /// <summary>The outputs of a version, in order.</summary>
    public IEnumerable<Parameter> OutputsOf(int version) => Outputs.Where(p => p.Since <= version && version <= p.Until);

    /// <summary>The attributes of a version.</summary>
    public IEnumerable<AttributeDefinition> AttributesOf(int version) => Attributes.Where(a => a.Since <= version && version <= a.Until);

    /// <summary>The formal parameter that a value at a position belongs to, or null when there are too many.</summary>
    public static Parameter? At(IEnumerable<Parameter> parameters, int index)
    {
        int i = 0;
        Parameter? last = null;
        foreach (var parameter in parameters)
        {
            if (i++ == index) return parameter;
            last = parameter;
        }
        return last is { Presence: Presence.Variadic } ? last : null;
    }
}
