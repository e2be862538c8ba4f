using System.Text.Json.Nodes;

namespace ConvTransfer.Cli;

/// <summary>What a verb found, in both forms; the command line prints one of them.</summary>
/// <param name="Json">The result as one object, for <c>--json</c>.</param>
/// <param name="Text">Writes the result for people.</param>
internal sealed record VerbResult(JsonObject Json, Action<TextWriter> Text)
{
    /// <summary>The exit code.</summary>
    public int ExitCode { get; init; } = Cli.ExitCode.Done;
}
