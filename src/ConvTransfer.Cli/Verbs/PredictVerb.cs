using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Says what pictures show.</summary>
internal sealed class PredictVerb() : Verb("predict",
    "Say what pictures show, by a file that 'train' wrote.",
    "convtransfer predict --model trained/model.onnx rose.jpg tulip.png")
{
    private readonly Option<string> _model = new("--model") { Description = "The file that 'train' wrote.", HelpName = "FILE", Required = true };
    private readonly Argument<string[]> _images = new("IMAGE") { Description = "The picture files.", Arity = ArgumentArity.OneOrMore };

    public override IEnumerable<Symbol> Parameters => [_model, _images];

    public override VerbResult Run(VerbContext context)
    {
        using var model = TransferModel.Load(context.Get(_model)!, context.Threads, context.Limits);
        var predictions = model.PredictBatch(context.Get(_images), context.Progress, context.CancellationToken);
        var json = new JsonObject { ["predictions"] = new JsonArray([.. predictions.Select(VerbJson.Prediction)]) };
        return new VerbResult(json, output =>
        {
            foreach (var prediction in predictions) output.WriteLine($"{DisplayText.Escape(prediction.File!, 4096)}: {Answer(prediction)}");
        });
    }

    private static string Answer(Prediction prediction) => prediction.Label is { } label
        ? string.Create(CultureInfo.InvariantCulture, $"{DisplayText.Escape(label)} {100 * prediction.Score!.Value:0.0} %")
        : "no answer, for a score is not finite";
}
