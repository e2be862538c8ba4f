namespace ConvTransfer.Graphs;

/// <summary>How one thing differs between two models.</summary>
public enum DifferenceKind
{
    /// <summary>Only the second model has it.</summary>
    Added,

    /// <summary>Only the first model has it.</summary>
    Removed,

    /// <summary>Both have it, not alike.</summary>
    Changed,
}

/// <summary>One difference between two models.</summary>
/// <param name="Kind">Whether it was added, removed or changed.</param>
/// <param name="Subject">What differs, such as "initializer 'fc.weight'"; names in it are escaped.</param>
/// <param name="Detail">What it is, or what it was and is now.</param>
public sealed record GraphDifference(DifferenceKind Kind, string Subject, string Detail)
{
    /// <summary>One line, which begins with + (added), - (removed) or ~ (changed).</summary>
    public override string ToString() => $"{Kind switch { DifferenceKind.Added => '+', DifferenceKind.Removed => '-', _ => '~' }} {Subject}: {Detail}";
}
