using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Runs a model on tensors from files.</summary>
internal sealed class RunVerb() : Verb("run",
    "Run an ONNX file on tensors from .pb (TensorProto) or .npy files, and write its outputs as output_0.pb, output_1.pb and so on.",
    "convtransfer run squeezenet.onnx --input data_0=input_0.pb --output-dir results")
{
    private readonly Argument<string> _model = CommonOptions.Model();
    private readonly Option<string[]> _inputs = new("--input") { Description = "A tensor for an input, as NAME=FILE with FILE ending in .pb or .npy. Once for each input.", HelpName = "NAME=FILE" };
    private readonly Option<string> _folder = new("--output-dir") { Description = "The folder for the outputs; it is made where it does not exist.", HelpName = "DIR", Required = true };
    private readonly Option<bool> _force = CommonOptions.Force();

    public override IEnumerable<Symbol> Parameters => [_model, _inputs, _folder, _force];

    public override VerbResult Run(VerbContext context)
    {
        var model = OnnxFile.Read(context.Get(_model), context.Limits);
        var files = Bind(context.Get(_inputs) ?? [], model.Graph);
        string folder = context.Get(_folder)!;
        string[] targets = [.. Enumerable.Range(0, model.Graph.Outputs.Count).Select(i => Path.Combine(folder, $"output_{i}.pb"))];
        OutputFile.CheckIn(folder, targets, context.Get(_force), [context.Get(_model), .. files.Values]);
        var inputs = new Dictionary<string, Tensor>();
        Tensor[] outputs = [];
        try
        {
            foreach (var (name, file) in files) inputs[name] = Load(file, context.Limits);
            outputs = NamedRun.Run(model, inputs, context.Threads, context.Limits, context.CancellationToken);
            Directory.CreateDirectory(folder);
            for (int i = 0; i < outputs.Length; i++) OnnxTensorFile.Write(targets[i], model.Graph.Outputs[i].Name, outputs[i]);
            var found = outputs.Select((o, i) => (model.Graph.Outputs[i].Name, Type: TensorType.Of(o.ElementType, o.Shape), File: targets[i])).ToArray();
            var items = found.Select(o => (JsonNode)new JsonObject { ["name"] = o.Name, ["type"] = o.Type.ElementType.OnnxName(), ["shape"] = JsonItems.Dims(o.Type.Dims!.Value), ["file"] = o.File });
            return new VerbResult(new JsonObject { ["outputs"] = new JsonArray([.. items]) }, output =>
            {
                foreach (var (name, type, file) in found) output.WriteLine($"{DisplayText.Escape(name)}: {type} → {DisplayText.Escape(file, 4096)}");
            });
        }
        finally
        {
            foreach (var tensor in inputs.Values.Concat(outputs)) tensor.Dispose();
        }
    }

    // A name may itself hold '=': the longest input name that fits is meant.
    private static Dictionary<string, string> Bind(string[] given, Graph graph)
    {
        var files = new Dictionary<string, string>();
        foreach (string text in given)
        {
            var input = graph.Inputs.Where(i => text.StartsWith($"{i.Name}=", StringComparison.Ordinal)).MaxBy(i => i.Name.Length)
                ?? throw new UsageException($"--input '{DisplayText.Escape(text)}' names no input as NAME=FILE; the model has {string.Join(", ", graph.RequiredInputs.Select(i => $"'{DisplayText.Escape(i.Name)}'"))}");
            string file = text[(input.Name.Length + 1)..];
            if (file.Length == 0) throw new UsageException($"--input '{DisplayText.Escape(text)}' names no file");
            if (!files.TryAdd(input.Name, file)) throw new UsageException($"input '{DisplayText.Escape(input.Name)}' is given twice");
        }
        return files;
    }

    private static Tensor Load(string file, Limits limits) => Path.GetExtension(file).ToUpperInvariant() switch
    {
        ".PB" => OnnxTensorFile.Read(file, limits).Tensor,
        ".NPY" => NpyFile.Read(file, limits),
        _ => throw new UsageException($"'{DisplayText.Escape(file)}' ends neither in .pb nor in .npy"),
    };
}
