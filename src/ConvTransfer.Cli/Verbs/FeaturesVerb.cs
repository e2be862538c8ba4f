using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Writes the features of pictures.</summary>
internal sealed class FeaturesVerb() : Verb("features",
    "Write what a network knows about pictures: a row of numbers for each, as text (.csv: file, label, f0, f1 …) or as a NumPy array (.npy, [pictures, features]).",
    "convtransfer features --model squeezenet.onnx --images flowers --cut fire9/concat_1 --pool --recipe caffe --output flowers.csv")
{
    private readonly NetworkOptions _network = new();
    private readonly Option<string> _output = new("--output") { Description = "The file to write; it ends in .csv or .npy.", HelpName = "FILE", Required = true };
    private readonly Option<bool> _force = CommonOptions.Force();

    public override IEnumerable<Symbol> Parameters => [.. _network.All, _network.CacheFolder, _output, _force];

    public override VerbResult Run(VerbContext context)
    {
        string target = context.Get(_output)!;
        bool csv = Path.GetExtension(target).Equals(".csv", StringComparison.OrdinalIgnoreCase);
        if (!csv && !Path.GetExtension(target).Equals(".npy", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--output '{DisplayText.Escape(target)}' ends neither in .csv nor in .npy");
        OutputFile.Check(target, context.Get(_force), _network.Inputs(context));
        using var cache = _network.Cache(context);
        var features = _network.Pipeline(context, cache: cache).Features(_network.Images(context), context.Progress, context.CancellationToken);
        if (csv) FeatureCsv.Write(target, features);
        else WriteNpy(target, features);
        var json = new JsonObject { ["output"] = target, ["images"] = features.Count, ["features"] = features.Width, ["skipped"] = VerbJson.Skipped(features.Skipped) };
        return new VerbResult(json, output => output.WriteLine($"{DisplayText.Escape(target, 4096)}: {features.Width} features of {features.Count} pictures"));
    }

    private static void WriteNpy(string target, FeatureTable features)
    {
        using var table = Tensor.Uninitialized(ElementType.Float32, new Shape(features.Count, features.Width));
        for (int i = 0; i < features.Count; i++) features.Row(i).CopyTo(table.AsSpan<float>()[(i * features.Width)..]);
        NpyFile.Write(target, table);
    }
}
