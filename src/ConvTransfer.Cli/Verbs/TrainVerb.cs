using System.CommandLine;
using ConvTransfer.Core;
using ConvTransfer.MLNet;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Trains a classifier on the features of pictures and writes it as one file.</summary>
internal sealed class TrainVerb() : Verb("train",
    "Train a classifier on what a network knows about pictures, and write it as one ONNX file from picture to label. The figures come from folds, or from a part that is held out; the file's classifier is then trained on all pictures. Writes DIR/model.onnx and DIR/figures.json.",
    "convtransfer train --model squeezenet.onnx --images flowers --cut fire9/concat_1 --pool --recipe caffe --folds 5 --output trained",
    "convtransfer train --model resnet.onnx --images flowers --cut penultimate --recipe torchvision --trainer sdca --normalize min-max --test-fraction 0.25 --output trained")
{
    private const string ModelName = "model.onnx", FiguresName = "figures.json";

    private static readonly (string Name, HeadAlgorithm Value)[] Trainers = [("lbfgs", HeadAlgorithm.Lbfgs), ("sdca", HeadAlgorithm.Sdca)];

    private static readonly (string Name, FeatureNormalization Value)[] Normalizations =
        [("none", FeatureNormalization.None), ("min-max", FeatureNormalization.MinMax), ("mean-variance", FeatureNormalization.MeanVariance), ("robust", FeatureNormalization.RobustScaling)];

    private readonly NetworkOptions _network = new();
    private readonly Option<string> _trainer = CommonOptions.Choice("--trainer", "How the classifier, multinomial logistic regression, is trained.", Trainers.Select(t => t.Name));
    private readonly Option<string> _normalize = CommonOptions.Choice("--normalize", "What is done to each feature first.", Normalizations.Select(n => n.Name));
    private readonly Option<double> _l1 = CommonOptions.Number("--l1", "Weight of the absolute weights in the loss.", 0, 1e6, 0);
    private readonly Option<double> _l2 = CommonOptions.Number("--l2", "Weight of the squared weights in the loss. Default: 1 for lbfgs; for sdca by the number of pictures.", 0, 1e6, null);
    private readonly Option<int> _folds = CommonOptions.Integer("--folds", "Take the figures from this many folds.", 2, 1000, null);
    private readonly Option<double> _testFraction = CommonOptions.Number("--test-fraction", "Take the figures from this part of each class, held out, where --folds is not given. Above 0 and below 1.", 1e-6, 1 - 1e-6, 0.2);
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<string> _output = new("--output") { Description = "The folder for the results; it is made where it does not exist.", HelpName = "DIR", Required = true };
    private readonly Option<bool> _force = CommonOptions.Force();

    public override IEnumerable<Symbol> Parameters => [.. _network.All, _network.CacheFolder, _trainer, _normalize, _l1, _l2, _folds, _testFraction, _seed, _output, _force];

    public override VerbResult Run(VerbContext context)
    {
        if (context.IsGiven(_folds) && context.IsGiven(_testFraction)) throw new UsageException("--folds and --test-fraction are two ways to the figures; give one of them");
        string folder = context.Get(_output)!, model = Path.Combine(folder, ModelName), figuresFile = Path.Combine(folder, FiguresName);
        _network.RequireOutside(context, "--output", folder);
        OutputFile.CheckIn(folder, [model, figuresFile], context.Get(_force), _network.Inputs(context));
        using var cache = _network.Cache(context);
        var pipeline = _network.Pipeline(context, context.Get(_seed), cache).Classify(Head(context));
        var features = pipeline.Features(_network.Images(context), context.Progress, context.CancellationToken);
        var (text, compact, indented) = Figures(context, pipeline, features);
        using var fitted = pipeline.Fit(features, context.CancellationToken);
        Directory.CreateDirectory(folder);
        fitted.SaveOnnx(model, compact, context.CancellationToken);
        DurableFile.Save(figuresFile, System.Text.Encoding.UTF8.GetBytes($"{indented}\n"));

        var json = VerbJson.Figures(compact);
        json["features"] = features.Width;
        json["skipped"] = VerbJson.Skipped(features.Skipped);
        json["model"] = model;
        json["figures"] = figuresFile;
        return new VerbResult(json, output =>
        {
            output.Write(text);
            output.WriteLine($"\ntrained on all {features.Count} pictures: {DisplayText.Escape(model, 4096)}");
        });
    }

    private HeadOptions Head(VerbContext context) => new()
    {
        Algorithm = Trainers.First(t => t.Name == context.Get(_trainer)).Value,
        Normalization = Normalizations.First(n => n.Name == context.Get(_normalize)).Value,
        L1 = (float)context.Get(_l1),
        L2 = context.IsGiven(_l2) ? (float)context.Get(_l2) : null,
    };

    private (string Text, string Compact, string Indented) Figures(VerbContext context, TransferPipeline pipeline, FeatureTable features)
    {
        if (context.IsGiven(_folds))
        {
            var folds = pipeline.CrossValidate(features, context.Get(_folds), context.Progress, context.CancellationToken);
            return (folds.ToString(), FiguresJson.Of(folds), FiguresJson.Of(folds, indented: true));
        }
        var figures = pipeline.HoldOut(features, context.Get(_testFraction), context.CancellationToken);
        return (figures.ToString(), FiguresJson.Of(figures), FiguresJson.Of(figures, indented: true));
    }
}
