using System.CommandLine;
using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Pipelines;
using ConvTransfer.Training;

namespace ConvTransfer.Cli;

/// <summary>The options that say how a training goes over its epochs.</summary>
internal sealed class ScheduleOptions
{
    private static readonly FineTuneOptions Standard = FineTuneOptions.Default;

    private readonly Option<int> _epochs = CommonOptions.Integer("--epochs", "How often every picture is seen.", 1, 100000, Standard.Epochs);
    private readonly Option<int> _head = CommonOptions.Integer("--head-epochs", "For how many of the epochs, at the start, the head alone is trained.", 0, 100000, 0);
    private readonly Option<string[]> _unfreeze = new("--unfreeze") { Description = "After so many epochs freeze only what this value is computed from, in place of what was frozen before; 'none' for nothing. May be given more than once.", HelpName = "EPOCHS:VALUE" };
    private readonly Option<string> _schedule = CommonOptions.Choice("--schedule", "How the learning rates go: cosine falls to 0, one-cycle rises for a quarter of the steps and falls then, step takes a tenth after each third of the epochs.", ["cosine", "one-cycle", "step", "constant"]);
    private readonly Option<double> _warmUp = CommonOptions.Number("--warm-up", "Epochs in which the rates rise at first, at most a quarter of all; not with one-cycle, which rises anyway.", 0, 100000, Standard.Schedule.WarmUpEpochs);
    private readonly Option<double> _average = CommonOptions.Number("--average", "The decay of a running average of the weights, which then is the result, such as 0.99. 0 for none.", 0, 1, Standard.AverageDecay);

    /// <summary>All options, in the order of <c>--help</c>.</summary>
    public IEnumerable<Symbol> All => [_epochs, _head, _unfreeze, _schedule, _warmUp, _average];

    /// <summary>The options with what the user says.</summary>
    /// <exception cref="UsageException">An option makes no sense.</exception>
    public FineTuneOptions Apply(VerbContext context, FineTuneOptions options)
    {
        int epochs = context.Get(_epochs);
        string form = context.Get(_schedule)!;
        if (form == "one-cycle" && context.IsGiven(_warmUp)) throw new UsageException("--warm-up is for other schedules than one-cycle, which rises anyway");
        var schedule = form switch
        {
            "one-cycle" => LearningRateSchedule.OneCycle(),
            "step" => LearningRateSchedule.Step(epochs / 3.0) with { WarmUpEpochs = context.Get(_warmUp) },
            "constant" => LearningRateSchedule.Constant with { WarmUpEpochs = context.Get(_warmUp) },
            _ => LearningRateSchedule.Cosine with { WarmUpEpochs = context.Get(_warmUp) },
        };
        return options with { Epochs = epochs, Unfreeze = [.. (context.Get(_unfreeze) ?? []).Select(Phase)], Schedule = schedule, AverageDecay = context.Get(_average) };
    }

    /// <summary>The pipeline with the epochs of the head.</summary>
    public FineTunePipeline Apply(VerbContext context, FineTunePipeline pipeline) => pipeline.HeadFirst(context.Get(_head));

    private static UnfreezePhase Phase(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string value = text[(colon + 1)..];
        if (colon < 0 || value.Length == 0 || !int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out int epochs)) throw new UsageException($"--unfreeze is '{DisplayText.Escape(text)}', expected EPOCHS:VALUE, such as 5:fire5/concat_1 or 10:none");
        return new UnfreezePhase(epochs, value == "none" ? [] : [FreezeRule.Until(value)]);
    }
}
