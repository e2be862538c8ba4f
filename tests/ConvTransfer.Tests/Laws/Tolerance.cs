namespace ConvTransfer.Tests.Laws;

/// <summary>How far a result may be from the reference.</summary>
/// <param name="Relative">In steps (the spacing of the element type at 1) of the expected value.</param>
/// <param name="IsOfTheLargest">True where the steps are those of the largest expected value of the tensor: for sums, whose terms may cancel.</param>
/// <param name="LargestTerm">For sums: the largest that a term can be, which counts where all results are smaller.</param>
internal readonly record struct Tolerance(double Relative, bool IsOfTheLargest = false, double LargestTerm = 0)
{
    /// <summary>The same bits.</summary>
    public static Tolerance Exact => default;

    /// <summary>The tolerance for values that are rounded to a coarser type at the end.</summary>
    public Tolerance OneStep() => this with { Relative = 1 };

    public override string ToString() => Relative == 0 ? "the same bits" : $"{Relative} steps of the {(IsOfTheLargest ? "largest" : "expected")} value";
}
