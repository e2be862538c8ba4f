namespace ConvTransfer.MLNet;

/// <summary>How ML.NET fits a maximum-entropy classifier (multinomial logistic regression).</summary>
public enum HeadAlgorithm
{
    /// <summary>Limited-memory BFGS on the whole set: fast, and needs no random numbers.</summary>
    Lbfgs,

    /// <summary>Stochastic dual coordinate ascent.</summary>
    Sdca,
}
