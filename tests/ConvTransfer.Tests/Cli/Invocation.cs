using System.Text.Json.Nodes;
using ConvTransfer.Cli.Shell;

namespace ConvTransfer.Tests.Cli;

/// <summary>A command line that was run in this process.</summary>
internal sealed record Invocation(int ExitCode, string Output, string Error)
{
    /// <summary>Runs a command line.</summary>
    public static Invocation Of(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CommandLine.Run(args, output, error);
        return new Invocation(code, output.ToString(), error.ToString());
    }

    /// <summary>Standard output as the one JSON object that it must be.</summary>
    public JsonObject Json => Assert.IsType<JsonObject>(JsonNode.Parse(Output));
}
