namespace ConvTransfer.Core;

/// <summary>Where long work stands.</summary>
/// <param name="Phase">What is being done, such as "features".</param>
/// <param name="Done">Units finished.</param>
/// <param name="Total">Units altogether; 0 when it is not known.</param>
/// <param name="Unit">What a unit is, such as "images".</param>
/// <param name="Elapsed">Time since the phase began.</param>
public sealed record ProgressReport(string Phase, long Done, long Total, string Unit, TimeSpan Elapsed)
{
    /// <summary>What else is worth knowing at this moment, in few words; or empty.</summary>
    public string Detail { get; init; } = "";

    /// <summary>The time that the rest will take at the pace so far; null before the first unit and where the total is not known.</summary>
    public TimeSpan? Remaining => Done <= 0 || Total <= 0 ? null : Elapsed * ((double)Math.Max(0, Total - Done) / Done);
}
