namespace ConvTransfer.Operators.Reduction;

/// <summary>The family's table of contents: reductions over axes.</summary>
internal static class ReductionOperators
{
    public static Operator[] All { get; } =
    [
    ];
}
