using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ConvTransfer.Core;
using ConvTransfer.Training;

namespace ConvTransfer.Cli.Verbs;

/// <summary>Tries learning rates for a fine-tuning.</summary>
internal sealed class LrFindVerb() : Verb("lr-find",
    "Find a learning rate for 'finetune': train with the same options while the rate rises with every step, and say where the loss falls fastest. --head-rate and --body-rate give the ratio of the two rates; they rise together. Nothing is kept of the training.",
    "convtransfer lr-find --model squeezenet.onnx --images flowers --recipe caffe --freeze-until fire5/concat_1",
    "convtransfer lr-find --model resnet18.onnx --images flowers --recipe torchvision --freeze 'layer1*' --freeze 'layer2*' --steps 200 --output rates.csv")
{
    private const int Rows = 25, Bar = 40;
    private static readonly LearningRateFinderOptions Standard = LearningRateFinderOptions.Default;

    private readonly TuningOptions _tuning = new();
    private readonly Option<double> _least = CommonOptions.Number("--least", "The learning rate of the first step.", 1e-20, 1e6, Standard.Least);
    private readonly Option<double> _greatest = CommonOptions.Number("--greatest", $"The learning rate of the last step; the search ends before it where the loss grows to {Shown(Standard.StopAt)} times its least.", 1e-20, 1e6, Standard.Greatest);
    private readonly Option<int> _steps = CommonOptions.Integer("--steps", "The number of steps.", 10, 100_000, Standard.Steps);
    private readonly Option<string> _output = new("--output") { Description = "Write all steps to this file, as text: rate, loss, smoothed.", HelpName = "FILE" };
    private readonly Option<bool> _force = CommonOptions.Force();

    public override IEnumerable<Symbol> Parameters => [.. _tuning.All, _least, _greatest, _steps, _output, _force];

    public override VerbResult Run(VerbContext context)
    {
        string? target = context.Get(_output);
        if (target is not null) OutputFile.Check(target, context.Get(_force), _tuning.Network.Inputs(context));
        using var cache = _tuning.Cache(context);
        var images = _tuning.Network.Images(context);
        var pipeline = _tuning.Pipeline(context, images, cache);
        var range = new LearningRateFinderOptions { Least = context.Get(_least), Greatest = context.Get(_greatest), Steps = context.Get(_steps) };
        var curve = UsageException.Of(() => pipeline.FindLearningRate(images, range, context.Progress, context.CancellationToken));
        if (target is not null) DurableFile.Save(target, Encoding.UTF8.GetBytes(Csv(curve)));
        var rates = curve.Suggestion is double suggestion ? curve.WithRate(suggestion) : null;
        var json = new JsonObject
        {
            ["suggestion"] = curve.Suggestion,
            ["headRate"] = rates?.HeadRate,
            ["bodyRate"] = rates?.BodyRate,
            ["steepest"] = curve.Steepest,
            ["tenthOfLeast"] = curve.TenthOfLeast,
            ["steps"] = new JsonArray([.. curve.Points.Select(p => (JsonNode)new JsonObject { ["rate"] = p.Rate, ["loss"] = p.Loss, ["smoothed"] = p.Smoothed })]),
        };
        if (target is not null) json["output"] = target;
        return new VerbResult(json, output => Write(output, curve, rates));
    }

    private static void Write(TextWriter output, LearningRateCurve curve, FineTuneOptions? rates)
    {
        double most = curve.Points.Select(p => p.Smoothed).DefaultIfEmpty().Max(), least = curve.Points.Select(p => p.Smoothed).DefaultIfEmpty().Min();
        int stride = (curve.Points.Count + Rows - 1) / Rows;
        output.WriteLine($"{"rate",10} {"loss",9} {"smoothed",9}");
        for (int i = 0; i < curve.Points.Count; i += Math.Max(1, stride))
        {
            var point = curve.Points[i];
            string bar = new('*', 1 + (int)(Bar * (point.Smoothed - least) / Math.Max(1e-12, most - least)));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Shown(point.Rate),10} {point.Loss,9:0.0000} {point.Smoothed,9:0.0000}  {bar}"));
        }
        output.WriteLine(rates is null
            ? "\nno suggestion: the loss never falls; try smaller rates, or more steps"
            : $"\nsuggested: --head-rate {Shown(rates.HeadRate)} --body-rate {Shown(rates.BodyRate)}, where the smoothed loss falls fastest ({Shown(curve.Steepest!.Value)})\nto compare: a tenth of the rate of the least loss is {Shown(curve.TenthOfLeast!.Value)}");
    }

    private static string Csv(LearningRateCurve curve)
    {
        var text = new StringBuilder("rate,loss,smoothed\n");
        foreach (var point in curve.Points) text.Append(CultureInfo.InvariantCulture, $"{point.Rate:R},{point.Loss:R},{point.Smoothed:R}\n");
        return text.ToString();
    }

    private static string Shown(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
