using System.CommandLine;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Says how good a trained file is on labelled pictures.</summary>
internal sealed class EvaluateVerb() : Verb("evaluate",
    "Say how often a file that 'train' wrote is right about labelled pictures that it was not trained on. Pictures of classes that it does not know are counted apart.",
    "convtransfer evaluate --model trained/model.onnx --images more-flowers")
{
    private readonly Option<string> _model = new("--model") { Description = "The file that 'train' wrote.", HelpName = "FILE", Required = true };
    private readonly PictureOptions _pictures = new();

    public override IEnumerable<Symbol> Parameters => [_model, _pictures.Images, .. _pictures.Bad];

    public override VerbResult Run(VerbContext context)
    {
        var options = _pictures.Options(context);
        using var model = TransferModel.Load(context.Get(_model)!, context.Threads, context.Limits);
        var figures = model.Evaluate(_pictures.Dataset(context), options, context.Progress, context.CancellationToken);
        return new VerbResult(VerbJson.Figures(FiguresJson.Of(figures)), output => output.Write(figures));
    }
}
