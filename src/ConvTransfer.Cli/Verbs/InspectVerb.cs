using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using Spectre.Console;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Prints what a network consists of and where it can be cut.</summary>
internal sealed class InspectVerb() : Verb("inspect",
    "Print the layers of an ONNX file (name, operator, output shape, parameters, multiply-adds, receptive field), totals, and the values at which it can be cut.",
    "convtransfer inspect squeezenet.onnx",
    "convtransfer inspect squeezenet.onnx --hash conv1_w_0 --hash conv1_b_0")
{
    private readonly Argument<string> _model = CommonOptions.Model();
    private readonly Option<string[]> _hash = new("--hash") { Description = "Print one SHA-256 over the tensors of these names that the file holds, and nothing else: the hash that 'finetune' gives for what is frozen. May be given more than once.", HelpName = "NAME" };

    public override IEnumerable<Symbol> Parameters => [_model, _hash];

    public override VerbResult Run(VerbContext context)
    {
        var model = OnnxFile.Read(context.Get(_model), context.Limits);
        if (context.Get(_hash) is { Length: > 0 } names)
        {
            string hash = UsageException.Of(() => FineTunedModel.HashOf(model, names.Distinct()));
            return new VerbResult(new JsonObject { ["names"] = JsonItems.Texts(names), ["sha256"] = hash }, output => output.WriteLine(hash));
        }
        var report = NetworkReport.Of(model, context.Limits);
        return new VerbResult(ToJson(model, report), output => Print(model, report, output));
    }

    private static JsonObject ToJson(Model model, NetworkReport report) => new()
    {
        ["producer"] = Producer(model),
        ["irVersion"] = model.IrVersion,
        ["opsets"] = new JsonObject(model.OpsetImports.DistinctBy(o => o.CanonicalDomain).Select(o => KeyValuePair.Create(DomainName(o), (JsonNode?)JsonValue.Create(o.Version)))),
        ["inputs"] = new JsonArray([.. model.Graph.RequiredInputs.Select(ToJson)]),
        ["outputs"] = new JsonArray([.. model.Graph.Outputs.Select(ToJson)]),
        ["layers"] = new JsonArray([.. report.Layers.Select(ToJson)]),
        ["parameters"] = report.Parameters,
        ["multiplyAdds"] = report.MultiplyAdds,
        ["cutPoints"] = new JsonArray([.. report.CutPoints.Select(c => (JsonNode)new JsonObject { ["value"] = c.Value, ["type"] = c.Type?.ElementType.ToString(), ["shape"] = Shape(c.Type), ["aliases"] = JsonItems.Texts(c.Aliases) })]),
        ["problems"] = JsonItems.Texts(report.Problems.Select(p => p.ToString())),
    };

    private static JsonNode ToJson(ValueInfo value) => new JsonObject { ["name"] = value.Name, ["type"] = value.Type?.ToString(), ["shape"] = Shape(value.Type as TensorType) };

    private static JsonNode ToJson(LayerReport layer) => new JsonObject
    {
        ["name"] = layer.Name,
        ["operator"] = layer.Operator,
        ["outputs"] = JsonItems.Texts(layer.Outputs),
        ["shape"] = Shape(layer.OutputType),
        ["parameters"] = layer.Parameters,
        ["multiplyAdds"] = layer.MultiplyAdds,
        ["receptiveField"] = layer.ReceptiveField is { IsWhole: false } field ? JsonItems.Integers(field.Size) : null,
        ["stride"] = layer.ReceptiveField is { IsWhole: false } step ? JsonItems.Integers(step.Stride) : null,
        ["seesWholeInput"] = layer.ReceptiveField?.IsWhole ?? false,
    };

    private static JsonArray? Shape(TensorType? type) => type?.Dims is { } dims ? JsonItems.Dims(dims) : null;

    private static void Print(Model model, NetworkReport report, TextWriter output)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in new[] { "name", "operator", "output" }) table.AddColumn(new TableColumn(column).NoWrap());
        foreach (string column in new[] { "parameters", "multiply-adds", "receptive field" }) table.AddColumn(new TableColumn(column).NoWrap().RightAligned());
        foreach (var layer in report.Layers)
        {
            string name = layer.Name.Length > 0 ? layer.Name : layer.Outputs.FirstOrDefault(o => o.Length > 0) ?? "";
            string[] cells = [Shown(name), Shown(layer.Operator), layer.OutputType is { } type ? Lengths(type) : "?", Count(layer.Parameters), layer.MultiplyAdds is long m ? Count(m) : "?", Field(layer.ReceptiveField)];
            table.AddRow(cells.Select(c => new Text(c)));
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(output) });
        // A line of the table is a line of the output, however wide: it may go into a file.
        console.Profile.Width = 4096;
        console.Write(table);
        output.WriteLine($"parameters     {Count(report.Parameters)}");
        output.WriteLine($"multiply-adds  {(report.MultiplyAdds is long total ? Count(total) : "not known")} per image");
        output.WriteLine($"producer       {Shown(Producer(model))}");
        output.WriteLine($"format         IR {model.IrVersion}, opset {string.Join(", ", model.OpsetImports.Select(o => $"{Shown(DomainName(o))} {o.Version}"))}");
        foreach (var input in model.Graph.RequiredInputs) output.WriteLine($"input          {Shown(input.Name)}: {input.Type}");
        foreach (var end in model.Graph.Outputs) output.WriteLine($"output         {Shown(end.Name)}: {end.Type}");
        output.WriteLine("cut points");
        foreach (var cut in report.CutPoints) output.WriteLine($"  {Shown(cut.Value)}{(cut.Type is { } type ? $"  {Lengths(type)}" : "")}{(cut.Aliases.Count > 0 ? $"  = {string.Join(", ", cut.Aliases)}" : "")}");
        if (report.Problems.Count > 0) output.WriteLine("problems");
        foreach (var problem in report.Problems) output.WriteLine($"  {problem}");
    }

    private static string Producer(Model model) => string.Join(' ', new[] { model.ProducerName, model.ProducerVersion }.Where(p => !string.IsNullOrEmpty(p)));

    private static string DomainName(OpsetImport import) => import.CanonicalDomain.Length == 0 ? "ai.onnx" : import.Domain;

    private static string Lengths(TensorType type) => type.Dims is { } dims ? $"[{string.Join(", ", dims.Select(d => d.Symbol is { } s ? Shown(s) : d.ToString()))}]" : "[…]";

    private static string Field(ReceptiveField? field) => field switch
    {
        null => "",
        { IsWhole: true } => "all",
        _ => string.Join('x', field.Size.Select(s => s.ToString(CultureInfo.InvariantCulture))),
    };

    private static string Shown(string name) => DisplayText.Escape(name);

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
