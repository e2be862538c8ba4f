namespace ConvTransfer.Core;

/// <summary>One finding about an input: an error that forbids the work, or a warning that does not.</summary>
/// <param name="Cause">The kind of finding.</param>
/// <param name="Message">What, where, expected, actual; names in it are escaped and shortened by <see cref="DisplayText"/>.</param>
/// <param name="Node">The node's display name where the finding concerns one, otherwise null.</param>
/// <param name="IsWarning">True when work goes on and the result is valid.</param>
public sealed record Problem(FailureCause Cause, string Message, string? Node = null, bool IsWarning = false)
{
    /// <summary>The message as one line.</summary>
    public override string ToString() => IsWarning ? $"warning: {Message}" : Message;
}
