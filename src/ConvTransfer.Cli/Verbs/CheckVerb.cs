using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Says whether a model file can be run, and if not every reason.</summary>
internal sealed class CheckVerb() : Verb("check",
    "Read, validate, type and plan an ONNX file without running it: can it be run, and if not, every reason. Exit code 1 when it cannot.",
    "convtransfer check squeezenet.onnx")
{
    private readonly Argument<string> _model = CommonOptions.Model();

    public override IEnumerable<Symbol> Parameters => [_model];

    public override VerbResult Run(VerbContext context)
    {
        string path = context.Get(_model);
        var problems = ModelFile.Check(path, context.Limits);
        context.Warn(problems);
        problems.ThrowIfErrors(path);
        var warnings = problems.Warnings.Select(p => (JsonNode)p.Message);
        return new VerbResult(new JsonObject { ["ok"] = true, ["warnings"] = new JsonArray([.. warnings]) }, output => output.WriteLine($"{DisplayText.Escape(path, 4096)}: can be run"));
    }
}
