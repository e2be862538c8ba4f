namespace ConvTransfer.Pipelines;

/// <summary>How a case ended.</summary>
public enum ConformanceOutcome
{
    /// <summary>Every output of every data set is as recorded.</summary>
    Passed,

    /// <summary>An output differs, or a valid model was refused.</summary>
    Failed,

    /// <summary>The model asks for something that is not implemented, and was refused by name.</summary>
    Unsupported,
}

/// <summary>What came of a case.</summary>
/// <param name="Case">The case.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Detail">The first difference, or why it was refused; empty when it passed.</param>
public sealed record ConformanceResult(ConformanceCase Case, ConformanceOutcome Outcome, string Detail);
