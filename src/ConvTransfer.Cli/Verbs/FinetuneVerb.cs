using System.CommandLine;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using ConvTransfer.Training;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Fine-tunes a network on pictures and writes it as one file, and as a network.</summary>
internal sealed class FinetuneVerb() : Verb("finetune",
    "Give a network a new head for your classes and train it, and the layers of the network that are not frozen, on your pictures. The figures come from folds, or from a part that is held out; the files' network is then trained on all pictures. Writes DIR/model.onnx (from picture to label), DIR/network.onnx (the source with its new weights and head) and DIR/figures.json (the figures, and the names and the hash of what is frozen).",
    "convtransfer finetune --model squeezenet.onnx --images flowers --recipe caffe --freeze-until fire5/concat_1 --epochs 15 --output tuned",
    "convtransfer finetune --model squeezenet.onnx --images flowers --recipe caffe --freeze-until fire9/concat_1 --unfreeze 5:fire7/concat_1 --unfreeze 10:fire5/concat_1 --output tuned",
    "convtransfer finetune --model resnet18.onnx --images flowers --recipe torchvision --freeze 'layer1*' --freeze 'layer2*' --folds 5 --output tuned")
{
    private const string ModelName = "model.onnx", NetworkName = "network.onnx", FiguresName = "figures.json", CheckpointsName = "checkpoints";

    private readonly TuningOptions _tuning = new();
    private readonly ScheduleOptions _schedule = new();
    private readonly Option<int> _folds = CommonOptions.Integer("--folds", "Take the figures from this many folds.", 2, 1000, null);
    private readonly Option<double> _testFraction = CommonOptions.Number("--test-fraction", "Take the figures from this part of each class, held out, where --folds is not given. Above 0 and below 1.", 1e-6, 1 - 1e-6, 0.2);
    private readonly Option<string> _output = new("--output") { Description = "The folder for the results; it is made where it does not exist.", HelpName = "DIR", Required = true };
    private readonly Option<bool> _force = CommonOptions.Force();
    private readonly Option<bool> _resume = new("--resume") { Description = "Go on where an earlier call with the same options was ended; its checkpoints lie in the output folder until the work is done." };
    private readonly Option<int> _every = CommonOptions.Integer("--checkpoint-every", "Batches between two checkpoints; 0 for one after each epoch.", 0, int.MaxValue, 0);

    public override IEnumerable<Symbol> Parameters => [.. _tuning.All, .. _schedule.All, _folds, _testFraction, _output, _force, _resume, _every];

    public override VerbResult Run(VerbContext context)
    {
        if (context.IsGiven(_folds) && context.IsGiven(_testFraction)) throw new UsageException("--folds and --test-fraction are two ways to the figures; give one of them");
        string folder = context.Get(_output)!, model = Path.Combine(folder, ModelName), network = Path.Combine(folder, NetworkName), figuresFile = Path.Combine(folder, FiguresName);
        _tuning.Network.RequireOutside(context, "--output", folder);
        var checkpoints = Checkpoints(context, folder);
        // What a call that is resumed had written already, it writes again.
        OutputFile.CheckIn(folder, [model, network, figuresFile], context.Get(_force) || (checkpoints.Resume && checkpoints.HasAny), _tuning.Network.Inputs(context));
        var images = _tuning.Network.Images(context);
        using var cache = _tuning.Cache(context);
        var pipeline = _schedule.Apply(context, _tuning.Pipeline(context, images, cache, how => _schedule.Apply(context, how))).SaveCheckpoints(checkpoints);
        var plan = UsageException.Of(() => pipeline.Plan(images));
        context.Log(plan.ToString());
        // Only now: a call that is refused leaves the checkpoints as they are.
        using var taken = checkpoints.Take();
        RefuseLeftOver(context, checkpoints);
        if (!checkpoints.Resume) checkpoints.Delete();
        var training = new TrainingReporter(context.Progress, context.Log);
        // Read once, before anything is held out: what cannot be read is in no part, as in 'train'.
        var before = Resumable(context, checkpoints, () => pipeline.Features(images, context.Progress, context.CancellationToken));
        var (text, compact) = Resumable(context, checkpoints, () => Figures(context, pipeline, before.Images, training));
        using var tuned = Resumable(context, checkpoints, () => UsageException.Of(() => pipeline.Fit(before.Images, null, context.Progress, training, context.CancellationToken)));
        Resumable(context, checkpoints, () =>
        {
            Directory.CreateDirectory(folder);
            // First the one that may be refused: it is checked before it is written.
            tuned.SaveOnnx(model, compact, context.CancellationToken);
            tuned.SaveNetwork(network);
            var report = VerbJson.Figures(compact);
            report["frozen"] = VerbJson.Frozen(tuned);
            DurableFile.Save(figuresFile, VerbJson.File(report));
            return true;
        });
        checkpoints.Delete();

        var json = VerbJson.Figures(compact);
        json["plan"] = VerbJson.Plan(plan);
        json["epochs"] = new JsonArray([.. tuned.Training.Epochs.Select(e => (JsonNode)new JsonObject { ["epoch"] = e.Epoch, ["loss"] = e.Loss, ["accuracy"] = e.Accuracy })]);
        json["trained"] = JsonItems.Texts(tuned.TrainedWeights);
        json["frozen"] = VerbJson.Frozen(tuned);
        json["unchanged"] = JsonItems.Texts(tuned.UnchangedWeights);
        json["skipped"] = VerbJson.Skipped(before.Skipped);
        json["model"] = model;
        json["network"] = network;
        json["figures"] = figuresFile;
        return new VerbResult(json, output =>
        {
            output.Write(text);
            output.WriteLine($"\ntrained on all {tuned.Before.Count} pictures; {tuned.TrainedWeights.Count} weights of the network were trained, {tuned.UnchangedWeights.Count} are byte for byte as they were");
            if (tuned.FrozenWeights.Count > 0) output.WriteLine($"frozen, before and after: SHA-256 {tuned.FrozenHash} of {tuned.FrozenWeights.Count}: {DisplayText.List(tuned.FrozenWeights, most: 5)}; 'inspect --hash' takes the same of the source");
            foreach (var epoch in tuned.Training.Epochs) output.WriteLine(TrainingReporter.Line(epoch));
            output.WriteLine($"{DisplayText.Escape(model, 4096)}\n{DisplayText.Escape(network, 4096)}");
        });
    }

    private FineTuneCheckpoints Checkpoints(VerbContext context, string folder)
    {
        var checkpoints = new FineTuneCheckpoints(Path.Combine(folder, CheckpointsName)) { Every = context.Get(_every), Resume = context.Get(_resume) };
        if (checkpoints.Resume && !checkpoints.HasAny) context.Log($"{DisplayText.Escape(checkpoints.Folder, 4096)} holds no checkpoint to go on from: the work starts from the beginning");
        RefuseLeftOver(context, checkpoints);
        return checkpoints;
    }

    private void RefuseLeftOver(VerbContext context, FineTuneCheckpoints checkpoints)
    {
        if (!checkpoints.Resume && checkpoints.HasAny && !context.Get(_force)) throw new ConvTransferException(FailureCause.Checkpoint, "an earlier call was ended before it was done; --resume goes on from its checkpoints, --force starts anew", checkpoints.Folder);
    }

    // Says how to go on when the work is ended before it is done.
    private static T Resumable<T>(VerbContext context, FineTuneCheckpoints checkpoints, Func<T> work)
    {
        try
        {
            var done = work();
            if (!context.CancellationToken.IsCancellationRequested) return done;
            (done as IDisposable)?.Dispose();
            throw new OperationCanceledException(context.CancellationToken);
        }
        catch (OperationCanceledException) when (checkpoints.HasAny)
        {
            context.Log($"what is done is kept in {DisplayText.Escape(checkpoints.Folder, 4096)}; the same call with --resume goes on from there");
            throw;
        }
    }

    private (string Text, string Compact) Figures(VerbContext context, FineTunePipeline pipeline, ImageDataset images, TrainingReporter training)
    {
        if (context.IsGiven(_folds))
        {
            var folds = UsageException.Of(() => pipeline.CrossValidate(images, context.Get(_folds), context.Progress, training, context.CancellationToken));
            return (folds.ToString(), FiguresJson.Of(folds));
        }
        var figures = UsageException.Of(() => pipeline.HoldOut(images, context.Get(_testFraction), training, context.CancellationToken));
        return (figures.ToString(), FiguresJson.Of(figures));
    }
}
