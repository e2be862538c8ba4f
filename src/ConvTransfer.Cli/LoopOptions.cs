using System.CommandLine;
using ConvTransfer.Core;
using ConvTransfer.Training;

namespace ConvTransfer.Cli;

/// <summary>The options of the optimiser and of the loss: those of every verb that trains a network.</summary>
internal sealed class LoopOptions
{
    private static readonly FineTuneOptions Standard = FineTuneOptions.Default;
    private static readonly (string Name, OptimizerKind Kind)[] Optimizers = [("adamw", OptimizerKind.AdamW), ("adam", OptimizerKind.Adam), ("sgd", OptimizerKind.Sgd)];

    private readonly Option<string> _optimizer = CommonOptions.Choice("--optimizer", "The optimiser.", Optimizers.Select(o => o.Name));
    private readonly Option<double> _momentum = CommonOptions.Number("--momentum", "The momentum of sgd.", 0, 1, Standard.Momentum);
    private readonly Option<bool> _nesterov = new("--nesterov") { Description = "Nesterov's form of the momentum of sgd." };
    private readonly Option<double> _decay = CommonOptions.Number("--weight-decay", "Weight decay; biases, scales, shifts and slopes have none.", 0, 1e6, Standard.WeightDecay);
    private readonly Option<double> _layerDecay = CommonOptions.Number("--layer-decay", "The factor on the learning rate for each layer further from the result. 1 for one rate for all of the network's own layers.", 0, 1, Standard.LayerDecay);
    private readonly Option<double> _smoothing = CommonOptions.Number("--label-smoothing", "The share of the target that is spread over all classes.", 0, 1, Standard.LabelSmoothing);
    private readonly Option<double> _clip = CommonOptions.Number("--clip-norm", "The greatest norm of the gradient; 0 for any.", 0, 1e30, Standard.ClipNorm);
    private readonly Option<int> _accumulate = CommonOptions.Integer("--accumulate", "Batches whose gradients are averaged for one step.", 1, 100000, Standard.Accumulate);

    /// <summary>All options, in the order of <c>--help</c>.</summary>
    public IEnumerable<Symbol> All => [_optimizer, _momentum, _nesterov, _decay, _layerDecay, _smoothing, _clip, _accumulate];

    /// <summary>The options with what the user says.</summary>
    /// <exception cref="UsageException">An option is without effect beside the others.</exception>
    public FineTuneOptions Apply(VerbContext context, FineTuneOptions options)
    {
        var optimizer = Optimizers.First(o => o.Name == context.Get(_optimizer)).Kind;
        if (optimizer != OptimizerKind.Sgd && (context.IsGiven(_momentum) || context.Get(_nesterov))) throw new UsageException("--momentum and --nesterov are for --optimizer sgd");
        return options with
        {
            Optimizer = optimizer,
            Momentum = context.Get(_momentum),
            Nesterov = context.Get(_nesterov),
            WeightDecay = context.Get(_decay),
            LayerDecay = context.Get(_layerDecay),
            LabelSmoothing = context.Get(_smoothing),
            ClipNorm = context.Get(_clip),
            Accumulate = context.Get(_accumulate),
        };
    }
}
