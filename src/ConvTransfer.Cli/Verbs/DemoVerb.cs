using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ConvTransfer.Cli.Demo;
using ConvTransfer.Core;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Shows the main job without any material: draws pictures, trains on them, writes the file and tries it.</summary>
internal sealed class DemoVerb() : Verb("demo",
    $"Show the main job offline: draw pictures of four shapes, compute their features with the built-in network, train a classifier, test it on pictures held out, write one ONNX file and ask it; then fine-tune the network itself and compare both. Writes into the folder {Folder} of the current folder, over what an earlier demo left there.",
    "convtransfer demo")
{
    private const string Folder = "convtransfer-demo";

    private readonly Option<ulong> _seed = CommonOptions.Seed();

    public override IEnumerable<Symbol> Parameters => [_seed];

    public override VerbResult Run(VerbContext context)
    {
        string images = Path.Combine(Folder, "images"), model = Path.Combine(Folder, "model.onnx");
        OutputFile.CheckIn(Folder, [model], force: true);
        var options = new PipelineOptions { Threads = context.Threads, Limits = context.Limits, Seed = unchecked((long)context.Get(_seed)), Logger = new LineLogger(context.Log) };
        var result = ShapeDemo.Run(images, model, options, context.Progress, context.CancellationToken);
        if (result.Agreeing < result.Checked) throw new ConvTransferException(FailureCause.Output, $"the file says something else than the pipeline about {result.Checked - result.Agreeing} of {result.Checked} pictures", model);

        var json = VerbJson.Figures(FiguresJson.Of(result.Figures));
        json["network"] = result.Network;
        json["fineTuned"] = new JsonObject { ["accuracy"] = result.Tuned.Accuracy, ["logLoss"] = result.Tuned.LogLoss };
        json["trainImages"] = result.Train;
        json["checkedImages"] = result.Checked;
        json["images"] = result.Figures.Images;
        json["folder"] = images;
        json["model"] = model;
        return new VerbResult(json, output =>
        {
            output.WriteLine($"pictures: {ShapeDemo.ImagesPerClass} each of {string.Join(", ", ShapePictures.Classes)}, drawn into {images}");
            output.WriteLine($"network:  {result.Network}");
            output.WriteLine($"head:     L-BFGS maximum entropy, trained on {result.Train} pictures");
            output.WriteLine($"\non {result.Figures.Images} pictures held out (chance is {100.0 / ShapePictures.Classes.Count:0} %):");
            output.Write(result.Figures);
            output.WriteLine($"\nthe same network fine-tuned on the same pictures, {ShapeDemo.Epochs} epochs:");
            output.WriteLine("                     accuracy  log-loss");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"frozen features      {100 * result.Figures.Accuracy,6:0.0} %  {result.Figures.LogLoss,8:0.000}"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fine-tuned           {100 * result.Tuned.Accuracy,6:0.0} %  {result.Tuned.LogLoss,8:0.000}"));
            output.WriteLine($"\nwritten:  {model}, from picture to label in one file");
            output.WriteLine($"checked:  loaded anew, it says the same as the pipeline about all {result.Checked} pictures held out");
            output.WriteLine($"try:      convtransfer predict --model {model} {Path.Combine(images, ShapePictures.Classes[0], "000.png")}");
        });
    }
}
