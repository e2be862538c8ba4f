using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>Says which layers of a network keep their weights. Rules may be combined: what any of them names is frozen.</summary>
public sealed class FreezeRule
{
    private enum Kind
    {
        Until,
        Matching,
        AllButLast,
        Exactly,
    }

    private readonly Kind _kind;
    private readonly string _name;
    private readonly int _count;

    private FreezeRule(Kind kind, string name, int count)
    {
        _kind = kind;
        _name = name;
        _count = count;
    }

    /// <summary>Freezes layers by their exact names: each is that of a node, of a value that it makes, or of one of its weights.</summary>
    /// <param name="names">The names, at least one.</param>
    public static FreezeRule Exactly(params IEnumerable<string> names)
    {
        var list = names.ToValueList();
        if (list.Count == 0 || list.Any(string.IsNullOrEmpty)) throw new ArgumentException("expected names, none of them empty", nameof(names));
        return new FreezeRule(Kind.Exactly, "", 0) { Layers = list };
    }

    /// <summary>Freezes everything that a value is computed from, the node that makes it included.</summary>
    /// <param name="value">The exact name of a value.</param>
    public static FreezeRule Until(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        return new FreezeRule(Kind.Until, value, 0);
    }

    /// <summary>Freezes layers by a pattern of names: of the node, of a value that it makes, or of one of its weights. * stands for any characters, ? for one.</summary>
    public static FreezeRule Matching(string glob)
    {
        ArgumentException.ThrowIfNullOrEmpty(glob);
        return new FreezeRule(Kind.Matching, glob, 0);
    }

    /// <summary>Freezes all layers with weights but the last ones, in the order of the graph. The new head is not counted, and a bias or a batch normalization right behind a layer counts with it.</summary>
    /// <param name="layers">How many stay trainable, 0 or more.</param>
    public static FreezeRule AllButLast(int layers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layers);
        return new FreezeRule(Kind.AllButLast, "", layers);
    }

    /// <summary>The value of <see cref="Until"/>, or null.</summary>
    internal string? UntilValue => _kind == Kind.Until ? _name : null;

    /// <summary>The number of <see cref="AllButLast"/>, or null.</summary>
    internal int? LastLayers => _kind == Kind.AllButLast ? _count : null;

    /// <summary>The names of <see cref="Exactly"/>, or none.</summary>
    internal ValueList<string> Layers { get; private init; } = [];

    /// <summary>The pattern of <see cref="Matching"/>, or null.</summary>
    internal NamePattern? Pattern => _kind == Kind.Matching ? new NamePattern(_name) : null;

    /// <summary>The text of <see cref="Matching"/>.</summary>
    internal string Glob => _name;

    /// <summary>The rule as text.</summary>
    public override string ToString() => _kind switch
    {
        Kind.Until => $"up to and including '{_name}'",
        Kind.Matching => $"named '{_name}'",
        Kind.Exactly => $"named exactly {string.Join(", ", Layers.Select(l => $"'{l}'"))}",
        _ => $"all but the last {_count}",
    };
}
