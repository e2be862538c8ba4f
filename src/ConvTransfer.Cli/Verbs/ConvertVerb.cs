using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Writes a model file anew: cut, with an open batch, or as it is.</summary>
internal sealed class ConvertVerb() : Verb("convert",
    "Write an ONNX file anew: cut at a value, with any number of images in a batch, or as it is.",
    "convtransfer convert squeezenet.onnx --output trunk.onnx --cut last-conv --pool --dynamic-batch")
{
    private readonly Argument<string> _model = CommonOptions.Model();
    private readonly Option<string> _output = new("--output") { Description = "The file to write.", HelpName = "FILE", Required = true };
    private readonly Option<string> _cut = new("--cut") { Description = $"Cut at a value: its exact name, {CutPoints.Penultimate} or {CutPoints.LastConv}; 'inspect' lists them.", HelpName = "VALUE" };
    private readonly Option<bool> _pool = new("--pool") { Description = "Average the value over its spatial axes, so that the output is one row of numbers for each image." };
    private readonly Option<bool> _dynamicBatch = new("--dynamic-batch") { Description = "Let the file take any number of images; refused where that cannot be proved right." };
    private readonly Option<bool> _force = CommonOptions.Force();

    public override IEnumerable<Symbol> Parameters => [_model, _output, _cut, _pool, _dynamicBatch, _force];

    public override VerbResult Run(VerbContext context)
    {
        string source = context.Get(_model), target = context.Get(_output)!;
        if (context.Get(_pool) && context.Get(_cut) is null) throw new UsageException("--pool needs --cut: it pools the value at which the network is cut");
        OutputFile.Check(target, context.Get(_force), source);
        var model = OnnxFile.Read(source, context.Limits);
        if (context.Get(_cut) is { } cut) model = UsageException.Of(() => model.TruncateAt(cut, context.Get(_pool) ? Pooling.GlobalAverage : Pooling.None, context.Limits));
        if (context.Get(_dynamicBatch)) model = DynamicBatch.Apply(model, context.Threads, context.Limits, context.CancellationToken);
        context.CancellationToken.ThrowIfCancellationRequested();
        OnnxFile.Write(model, target);
        var json = new JsonObject { ["output"] = target, ["inputs"] = Names(model.Graph.RequiredInputs), ["outputs"] = Names(model.Graph.Outputs) };
        return new VerbResult(json, output =>
        {
            output.WriteLine(DisplayText.Escape(target, 4096));
            foreach (var input in model.Graph.RequiredInputs) output.WriteLine($"  input {DisplayText.Escape(input.Name)}: {input.Type}");
            foreach (var end in model.Graph.Outputs) output.WriteLine($"  output {DisplayText.Escape(end.Name)}: {end.Type}");
        });
    }

    private static JsonArray Names(IEnumerable<ValueInfo> values) => new([.. values.Select(v => (JsonNode)new JsonObject { ["name"] = v.Name, ["type"] = v.Type?.ToString() })]);
}
