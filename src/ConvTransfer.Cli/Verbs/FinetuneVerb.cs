using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using ConvTransfer.Training;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Fine-tunes a network on pictures and writes it as one file, and as a network.</summary>
internal sealed class FinetuneVerb() : Verb("finetune",
    "Give a network a new head for your classes and train it, and the layers of the network that are not frozen, on your pictures. The figures come from folds, or from a part that is held out; the files' network is then trained on all pictures. Writes DIR/model.onnx (from picture to label), DIR/network.onnx (the source with its new weights and head) and DIR/figures.json.",
    "convtransfer finetune --model squeezenet.onnx --images flowers --recipe caffe --freeze-until fire5/concat_1 --epochs 15 --output tuned",
    "convtransfer finetune --model resnet18.onnx --images flowers --recipe torchvision --freeze 'layer[123]*' --folds 5 --output tuned")
{
    private const string ModelName = "model.onnx", NetworkName = "network.onnx", FiguresName = "figures.json";

    private readonly TuningOptions _tuning = new();
    private readonly Option<int> _epochs = CommonOptions.Integer("--epochs", $"How often every picture is seen. Default {FineTuneOptions.Default.Epochs}.", 1, 100000, FineTuneOptions.Default.Epochs);
    private readonly Option<int> _folds = CommonOptions.Integer("--folds", "Take the figures from this many folds.", 2, 1000, 5);
    private readonly Option<double> _testFraction = CommonOptions.Number("--test-fraction", "Take the figures from this part of each class, held out. Above 0 and below 1. Default 0.2.", 1e-6, 1 - 1e-6, 0.2);
    private readonly Option<string> _output = new("--output") { Description = "The folder for the results; it is made where it does not exist.", HelpName = "DIR", Required = true };
    private readonly Option<bool> _force = CommonOptions.Force();

    public override IEnumerable<Symbol> Parameters => [.. _tuning.All, _epochs, _folds, _testFraction, _output, _force];

    public override VerbResult Run(VerbContext context)
    {
        if (context.IsGiven(_folds) && context.IsGiven(_testFraction)) throw new UsageException("--folds and --test-fraction are two ways to the figures; give one of them");
        string folder = context.Get(_output)!, model = Path.Combine(folder, ModelName), network = Path.Combine(folder, NetworkName), figuresFile = Path.Combine(folder, FiguresName);
        OutputFile.CheckIn(folder, [model, network, figuresFile], context.Get(_force), context.Get(_tuning.Network.Model)!);
        var images = _tuning.Network.Images(context);
        using var cache = _tuning.Cache(context);
        var pipeline = _tuning.Pipeline(context, images, cache, how => how with { Epochs = context.Get(_epochs) });
        var training = context.Progress is null ? null : new TrainingReporter(context.Progress);
        var (text, compact, indented) = Figures(context, pipeline, images, training);
        using var tuned = UsageException.Of(() => pipeline.Fit(images, null, context.Progress, training, context.CancellationToken));
        context.CancellationToken.ThrowIfCancellationRequested();
        Directory.CreateDirectory(folder);
        tuned.SaveNetwork(network);
        tuned.SaveOnnx(model, compact, context.CancellationToken);
        DurableFile.Save(figuresFile, System.Text.Encoding.UTF8.GetBytes($"{indented}\n"));

        var json = VerbJson.Figures(compact);
        json["epochs"] = new JsonArray([.. tuned.Training.Epochs.Select(e => (JsonNode)new JsonObject { ["epoch"] = e.Epoch, ["loss"] = e.Loss, ["accuracy"] = e.Accuracy })]);
        json["trained"] = new JsonArray([.. tuned.TrainedWeights.Select(w => (JsonNode)JsonValue.Create(w)!)]);
        json["unchanged"] = tuned.FrozenWeights.Count;
        json["skipped"] = VerbJson.Skipped(tuned.Before.Skipped);
        json["model"] = model;
        json["network"] = network;
        json["figures"] = figuresFile;
        return new VerbResult(json, output =>
        {
            output.Write(text);
            output.WriteLine($"\ntrained on all {tuned.Before.Count} pictures; {tuned.TrainedWeights.Count} weights of the network were trained, {tuned.FrozenWeights.Count} are byte for byte as they were");
            foreach (var epoch in tuned.Training.Epochs) output.WriteLine(TrainingReporter.Line(epoch));
            output.WriteLine($"{DisplayText.Escape(model, 4096)}\n{DisplayText.Escape(network, 4096)}");
        });
    }

    private (string Text, string Compact, string Indented) Figures(VerbContext context, FineTunePipeline pipeline, ImageDataset images, IProgress<TrainingProgress>? training)
    {
        if (context.IsGiven(_folds))
        {
            var folds = UsageException.Of(() => pipeline.CrossValidate(images, context.Get(_folds), context.Progress, training, context.CancellationToken));
            return (folds.ToString(), FiguresJson.Of(folds), FiguresJson.Of(folds, indented: true));
        }
        var figures = UsageException.Of(() => pipeline.HoldOut(images, context.Get(_testFraction), training, context.CancellationToken));
        return (figures.ToString(), FiguresJson.Of(figures), FiguresJson.Of(figures, indented: true));
    }
}
