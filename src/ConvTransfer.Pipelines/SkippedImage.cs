namespace ConvTransfer.Pipelines;

/// <summary>A picture that was left out.</summary>
/// <param name="File">Its path.</param>
/// <param name="Reason">Why it could not be used.</param>
public sealed record SkippedImage(string File, string Reason);
