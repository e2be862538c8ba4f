using System.Text.Json.Nodes;
using ConvTransfer.Core;

namespace ConvTransfer.Cli.Shell;

/// <summary>What went wrong, as the user sees it: the exit code, one message, and the same as JSON.</summary>
internal sealed record ErrorReport(int ExitCode, string Cause, string Message, string? File = null, string? Node = null)
{
    /// <summary>The report of an exception. Only the typed ones and wrong usage are expected; anything else is a fault of this program and says so.</summary>
    public static ErrorReport Of(Exception exception) => exception switch
    {
        ConvTransferException e => new(Cli.ExitCode.Failed, e.Cause.ToString(), e.Message, e.File is null ? null : DisplayText.Escape(e.File, 4096), e.Node),
        UsageException e => new(Cli.ExitCode.WrongUsage, "Usage", e.Message),
        OperationCanceledException => new(Cli.ExitCode.Failed, "Cancelled", "the work was ended before it was done"),
        OutOfMemoryException => new(Cli.ExitCode.Failed, nameof(FailureCause.Limit), "the system has not enough memory; see --memory-limit"),
        var e => new(Cli.ExitCode.Failed, "Internal", $"a fault of this program: {e.GetType().Name}: {DisplayText.Escape(e.Message, 1000)} (set {DebugVariable}=1 for where it happened)"),
    };

    /// <summary>The environment variable that makes internal faults print where they happened.</summary>
    public const string DebugVariable = "CONVTRANSFER_DEBUG";

    /// <summary>The object for <c>--json</c>.</summary>
    public JsonObject ToJson() => new() { ["error"] = new JsonObject { ["cause"] = Cause, ["message"] = Message, ["file"] = File, ["node"] = Node } };
}
