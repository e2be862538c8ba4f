namespace ConvTransfer.Operators;

/// <summary>The operators that exist: the table of contents, by the standard's families. Explicit lists, so that it starts fast and survives trimming.</summary>
internal sealed class OperatorSet
{
    private readonly Dictionary<(string Domain, string Name), Operator> _byName;

    /// <summary>Creates a set.</summary>
    /// <exception cref="ArgumentException">Two operators share domain and name.</exception>
    public OperatorSet(IEnumerable<Operator> operators)
    {
        All = [.. operators];
        _byName = All.ToDictionary(o => (o.Schema.Domain, o.Schema.Name));
    }

    /// <summary>The standard's operators that this library implements.</summary>
    public static OperatorSet Standard { get; } = new([.. Nn.NnOperators.All, .. Math.MathOperators.All, .. Reduction.ReductionOperators.All, .. Tensors.TensorOperators.All]);

    /// <summary>The standard's operators and those of the internal domain, which training graphs are made of and no file may hold.</summary>
    public static OperatorSet Training { get; } = new([.. Standard.All, .. Internal.GradientOperators.All]);

    /// <summary>All operators, in the list's order.</summary>
    public IReadOnlyList<Operator> All { get; }

    /// <summary>The operator of that name, or null.</summary>
    public Operator? Find(string domain, string name) => _byName.GetValueOrDefault((domain, name));
}
