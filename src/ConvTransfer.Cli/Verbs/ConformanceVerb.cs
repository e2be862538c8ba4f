using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Runs test cases in the layout of the ONNX project.</summary>
internal sealed class ConformanceVerb() : Verb("conformance",
    "Run ONNX test cases and compare with their recorded outputs: number, shape and type exactly, then |got - want| <= atol + rtol * |want|. A DIR is one case (model.onnx and test_data_set_*), or a folder of cases. Exit code 1 when one failed.",
    "convtransfer conformance onnx/backend/test/data/node --cases core-cases.txt", "convtransfer conformance squeezenet --atol 1e-5")
{
    private readonly Argument<string[]> _folders = new("DIR") { Description = "A case, or a folder of cases.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _cases = new("--cases") { Description = "A file with the names of the wanted cases, one a line.", HelpName = "FILE" };
    private readonly Option<double> _relative = CommonOptions.Number("--rtol", "Tolerance relative to the recorded value.", 0, 1, 1e-3);
    private readonly Option<double> _absolute = CommonOptions.Number("--atol", "Absolute tolerance.", 0, double.MaxValue, 1e-7);
    private readonly Option<bool> _nodeByNode = new("--node-by-node") { Description = "Run the plain references node by node instead of the plan." };

    public override IEnumerable<Symbol> Parameters => [_folders, _cases, _relative, _absolute, _nodeByNode];

    public override VerbResult Run(VerbContext context)
    {
        var cases = ConformanceCase.Find(context.Get(_folders), context.Get(_cases) is { } list ? Names(list) : null);
        var runner = new ConformanceRunner { RelativeTolerance = context.Get(_relative), AbsoluteTolerance = context.Get(_absolute), Threads = context.Threads, NodeByNode = context.Get(_nodeByNode), Limits = context.Limits };
        var results = new List<ConformanceResult>();
        long start = Stopwatch.GetTimestamp();
        foreach (var one in cases)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            results.Add(runner.Run(one, context.CancellationToken));
            context.Progress?.Report(new ProgressReport("conformance", results.Count, cases.Count, "cases", Stopwatch.GetElapsedTime(start)));
        }
        int Count(ConformanceOutcome outcome) => results.Count(r => r.Outcome == outcome);
        int passed = Count(ConformanceOutcome.Passed), failed = Count(ConformanceOutcome.Failed), unsupported = Count(ConformanceOutcome.Unsupported);
        var items = results.Select(r => (JsonNode)new JsonObject { ["case"] = r.Case.Name, ["outcome"] = r.Outcome.ToString(), ["detail"] = r.Detail });
        return new VerbResult(new JsonObject { ["passed"] = passed, ["failed"] = failed, ["unsupported"] = unsupported, ["cases"] = new JsonArray([.. items]) }, output =>
        {
            foreach (var result in results)
                if (result.Outcome != ConformanceOutcome.Passed) output.WriteLine($"{DisplayText.Escape(result.Case.Name)}: {result.Outcome}: {result.Detail.ReplaceLineEndings(" ")}");
            output.WriteLine($"{passed} passed, {failed} failed, {unsupported} unsupported");
        })
        { ExitCode = failed > 0 ? ExitCode.Failed : ExitCode.Done };
    }

    private static string[] Names(string file)
    {
        try
        {
            return [.. File.ReadLines(file).Select(l => l.Trim()).Where(l => l.Length > 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConvTransferException(FailureCause.DataInvalid, $"it cannot be read: {DisplayText.Escape(e.Message, 300)}", file, innerException: e);
        }
    }
}
