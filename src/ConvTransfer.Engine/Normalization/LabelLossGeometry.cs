namespace ConvTransfer.Engine.Normalization;

/// <summary>What becomes of the losses of all labels.</summary>
internal enum LossReduction
{
    /// <summary>Each stays.</summary>
    None,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their sum over the sum of their weights.</summary>
    Mean,
}

/// <summary>The numbers of a loss that looks up one class for each label: X [images, classes, positions], labels [images, positions]. A row is a label with its classes.</summary>
/// <param name="Images">N.</param>
/// <param name="Classes">C.</param>
/// <param name="Positions">The labels of one image.</param>
/// <param name="OfScores">True where X holds scores, whose softmax are the probabilities; false where it holds logarithms of probabilities.</param>
/// <param name="Reduction">What becomes of the losses.</param>
/// <param name="Ignored">The label whose loss and weight are 0; null where none is.</param>
/// <param name="HasWideLabels">True for int64 labels, false for int32.</param>
internal sealed record LabelLossGeometry(nint Images, nint Classes, nint Positions, bool OfScores, LossReduction Reduction, long? Ignored, bool HasWideLabels)
{
    /// <summary>The number of labels.</summary>
    public nint Rows => Images * Positions;

    /// <summary>The rows that a unit of work takes: it depends on the geometry alone.</summary>
    public nint RowsPerUnit => Math.Max(1, 4096 / Math.Max(1, Classes));

    /// <summary>The units of work.</summary>
    public int Units => checked((int)((Rows + RowsPerUnit - 1) / RowsPerUnit));

    /// <summary>The label of a row.</summary>
    public unsafe long Label(void* labels, nint row) => HasWideLabels ? ((long*)labels)[row] : ((int*)labels)[row];

    /// <summary>Where class 0 of a row stands in X; the next class is <see cref="Positions"/> elements further.</summary>
    public nint Start(nint row) => (row / Positions * Classes * Positions) + (row % Positions);

    /// <summary>True when the label's loss counts.</summary>
    public bool Counts(long label) => label != Ignored;
}
