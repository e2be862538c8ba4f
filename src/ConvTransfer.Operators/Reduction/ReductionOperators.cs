namespace ConvTransfer.Operators.Reduction;

/// <summary>The family's table of contents: reductions over axes.</summary>
internal static class ReductionOperators
{
    public static Operator[] All { get; } =
    [
        new Reduce(ReductionKind.Sum),
        new Reduce(ReductionKind.Mean),
        new Reduce(ReductionKind.Max),
        new Reduce(ReductionKind.Min),
        new Reduce(ReductionKind.Prod),
        new Reduce(ReductionKind.L1),
        new Reduce(ReductionKind.L2),
        new Reduce(ReductionKind.LogSum),
        new Reduce(ReductionKind.LogSumExp),
        new Reduce(ReductionKind.SumSquare),
        new ArgExtreme(greatest: true),
        new ArgExtreme(greatest: false),
        new TopK(),
    ];
}
