using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Prints how two model files differ.</summary>
internal sealed class DiffVerb() : Verb("diff",
    "Print the difference of two ONNX files, node by node and initializer by initializer. Exit code 0 when they are alike, 1 when they differ.",
    "convtransfer diff squeezenet.onnx flowers.onnx")
{
    private readonly Argument<string> _first = CommonOptions.Model("A", "The first ONNX file.");
    private readonly Argument<string> _second = CommonOptions.Model("B", "The second ONNX file.");

    public override IEnumerable<Symbol> Parameters => [_first, _second];

    public override VerbResult Run(VerbContext context)
    {
        var first = OnnxFile.Read(context.Get(_first), context.Limits);
        context.CancellationToken.ThrowIfCancellationRequested();
        var second = OnnxFile.Read(context.Get(_second), context.Limits);
        var differences = GraphComparison.Compare(first, second);
        var items = differences.Select(d => (JsonNode)new JsonObject { ["kind"] = d.Kind.ToString(), ["subject"] = d.Subject, ["detail"] = d.Detail });
        return new VerbResult(new JsonObject { ["equal"] = differences.Count == 0, ["differences"] = new JsonArray([.. items]) }, output =>
        {
            foreach (var difference in differences) output.WriteLine(difference);
            if (differences.Count == 0) output.WriteLine("the models are alike");
        })
        { ExitCode = differences.Count == 0 ? ExitCode.Done : ExitCode.Failed };
    }
}
