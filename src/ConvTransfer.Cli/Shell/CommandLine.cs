using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ConvTransfer.Cli.Verbs;
using ConvTransfer.Core;

namespace ConvTransfer.Cli.Shell;

/// <summary>Parses a command line, runs its verb and prints the result: text or one JSON object on standard output, everything else on standard error.</summary>
internal static class CommandLine
{
    // Names from files stay readable; control characters are escaped all the same.
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (RootCommand Root, Dictionary<Command, Verb> Verbs) Grammar = Build();

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="showProgress">True when standard error is a terminal.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="IOException">Standard output or standard error cannot be written.</exception>
    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error, bool showProgress = false, CancellationToken cancellationToken = default)
    {
        var (root, verbs) = Grammar;
        // A file whose name begins with @ is a file, and not a list of further arguments.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        bool json = args.TakeWhile(a => a != "--").Contains(CommonOptions.Json.Name);
        try
        {
            if (parsed.Errors.Count == 0 && parsed.Action is HelpAction or not null and not System.CommandLine.Invocation.ParseErrorAction)
            {
                parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
                if (parsed.Action is HelpAction && verbs.TryGetValue(parsed.CommandResult.Command, out var asked)) PrintExamples(asked, output);
                output.Flush();
                return ExitCode.Done;
            }
            if (parsed.Errors.Count > 0) throw new UsageException(UsageMessage(parsed));
            var result = Execute(verbs[parsed.CommandResult.Command], parsed, error, showProgress, cancellationToken);
            if (json) Print(result.Json, output);
            else result.Text(output);
            output.Flush();
            return result.ExitCode;
        }
        catch (Exception e) when (e is not IOException)
        {
            var report = ErrorReport.Of(e);
            if (json) Print(report.ToJson(), output);
            else error.WriteLine($"error: {report.Message}");
            if (Environment.GetEnvironmentVariable(ErrorReport.DebugVariable) is { Length: > 0 }) error.WriteLine(e);
            output.Flush();
            error.Flush();
            return report.ExitCode;
        }
    }

    private static (RootCommand Root, Dictionary<Command, Verb> Verbs) Build()
    {
        var root = new RootCommand("Transfer learning for convolutional networks: an ONNX file and a folder of pictures in, one ONNX file out.");
        root.Options.Add(CommonOptions.Json);
        root.Options.Add(CommonOptions.Threads);
        root.Options.Add(CommonOptions.MemoryLimit);
        var verbs = new Dictionary<Command, Verb>();
        foreach (var verb in VerbList.All)
        {
            var command = new Command(verb.Name, verb.Description);
            foreach (var parameter in verb.Parameters)
            {
                if (parameter is Argument argument) command.Arguments.Add(argument);
                else command.Options.Add((Option)parameter);
            }
            root.Subcommands.Add(command);
            verbs.Add(command, verb);
        }
        return (root, verbs);
    }

    private static VerbResult Execute(Verb verb, ParseResult parsed, TextWriter error, bool showProgress, CancellationToken cancellationToken)
    {
        if (showProgress) return ProgressBar.Show(error, (progress, log) => verb.Run(new VerbContext(parsed, progress, log, cancellationToken)));
        return verb.Run(new VerbContext(parsed, null, error.WriteLine, cancellationToken));
    }

    private static string UsageMessage(ParseResult parsed)
    {
        string verb = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
        var messages = parsed.Errors.Select(e => DisplayText.Escape(e.Message, 500).TrimEnd('.')).Distinct();
        return $"{string.Join("; ", messages)}. See 'convtransfer{verb} --help'.";
    }

    private static void PrintExamples(Verb verb, TextWriter output)
    {
        output.WriteLine(verb.Examples.Count == 1 ? "Example:" : "Examples:");
        foreach (string example in verb.Examples) output.WriteLine($"  {example}");
        output.WriteLine();
    }

    private static void Print(JsonObject json, TextWriter output) => output.WriteLine(json.ToJsonString(Readable));
}
