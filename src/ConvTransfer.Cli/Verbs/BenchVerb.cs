using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Measures how long a model takes.</summary>
internal sealed class BenchVerb() : Verb("bench",
    "Measure how long an ONNX file takes on seeded random inputs: median and fastest run, in milliseconds per image.",
    "convtransfer bench squeezenet.onnx --threads 1 --runs 50")
{
    private readonly Argument<string> _model = CommonOptions.Model();
    private readonly Option<int> _batch = CommonOptions.Integer("--batch", "Images in a run, for models whose batch is open. Where it is not given: the declared batch, or 1.", 1, 1 << 20, null);
    private readonly Option<int> _runs = CommonOptions.Integer("--runs", "Runs to measure.", 1, 1_000_000, 20);

    public override IEnumerable<Symbol> Parameters => [_model, _batch, _runs];

    public override VerbResult Run(VerbContext context)
    {
        var model = OnnxFile.Read(context.Get(_model), context.Limits);
        var measured = ModelBenchmark.Run(model, context.IsGiven(_batch) ? context.Get(_batch) : null, context.Threads, context.Get(_runs), context.Limits, context.Progress, context.CancellationToken);
        var json = new JsonObject { ["medianMs"] = measured.MedianMilliseconds, ["minMs"] = measured.MinMilliseconds, ["batch"] = measured.Batch, ["threads"] = measured.Threads, ["runs"] = measured.Runs };
        return new VerbResult(json, output => output.WriteLine(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"median {measured.MedianMilliseconds:0.###} ms, fastest {measured.MinMilliseconds:0.###} ms per image (batch {measured.Batch}, {measured.Threads} threads, {measured.Runs} runs)")));
    }
}
