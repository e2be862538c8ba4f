namespace ConvTransfer.Runtime;

/// <summary>What is done with the spatial axes of a value at which a network is cut.</summary>
public enum Pooling
{
    /// <summary>They stay.</summary>
    None,

    /// <summary>The mean over them: one number for each channel.</summary>
    GlobalAverage,

    /// <summary>The mean over them and the greatest value of them: two numbers for each channel, all means first.</summary>
    GlobalAverageAndMax,
}
