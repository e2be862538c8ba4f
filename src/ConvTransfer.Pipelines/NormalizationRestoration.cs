using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>The batch normalizations of a fine-tuning that are put back for the training, and folded into the convolutions again behind it.</summary>
/// <param name="network">The truncated network.</param>
/// <param name="phases">What is frozen in each phase of the training.</param>
/// <param name="isWanted">False where nothing is put back.</param>
/// <param name="options">Threads and limits.</param>
internal sealed class NormalizationRestoration(Model network, ValueList<FreezeRule>[] phases, bool isWanted, PipelineOptions options)
{
    /// <summary>The values behind which one may have been folded away, in the graph's order: of convolutions that any phase trains.</summary>
    public ValueList<string> Foldable { get; } = phases.SelectMany(rules => FoldedNormalizations.Find(network, [.. rules], options.Limits)).Distinct().ToValueList();

    /// <summary>Those that are put back.</summary>
    /// <exception cref="ConvTransferException">They are wanted, and there is none.</exception>
    public ValueList<string> Restored => !isWanted ? [] : Foldable.Count > 0 ? Foldable
        : throw new ConvTransferException(FailureCause.DataInvalid, "there is no batch normalization to restore: no convolution that is trained has a bias of its own and no batch normalization behind it");

    /// <summary>What is frozen in a phase of the network with what is put back: a convolution that is frozen keeps its normalization, by whatever name the rule knows it.</summary>
    public ValueList<FreezeRule> Frozen(int phase)
    {
        var kept = Restored.Except(FoldedNormalizations.Find(network, [.. phases[phase]], options.Limits)).ToArray();
        var weights = network.Graph.Nodes.Where(n => n.Outputs.Any(kept.Contains)).Select(n => n.Inputs[1]);
        return kept.Length == 0 ? phases[phase] : [.. phases[phase], FreezeRule.Exactly([.. kept, .. weights])];
    }

    /// <summary>What is put back is trained with the statistics of batches; rules of the user's come behind and may say otherwise.</summary>
    public FineTuneOptions Settings(FineTuneOptions how) => how with
    {
        BatchNormalizationRules = [.. Restored.Select(v => new BatchNormalizationRule(v, BatchNormalizationPolicy.Train)), .. how.BatchNormalizationRules],
        Unfreeze = [.. how.Unfreeze.Select((phase, i) => phase with { Freeze = Frozen(i + 1) })],
    };

    /// <summary>The network with normalizations of which nothing is measured yet, to be planned and not to be run.</summary>
    public Model Unmeasured() => Restored.Count == 0 ? network : FoldedNormalizations.Restore(network, Restored.ToDictionary(v => v, v =>
    {
        var convolution = network.Graph.Nodes.First(n => n.Outputs.Contains(v));
        int channels = checked((int)StoredNumbers.Of(network)[convolution.Inputs[1]].Dims[0]);
        return new ChannelStatistics(new double[channels].ToValueList(), Enumerable.Repeat(1.0, channels).ToValueList());
    }));

    /// <summary>The network with normalizations that have the statistics of pictures.</summary>
    public Model Measured(ImageDataset images, InputRecipe recipe, CancellationToken cancellationToken) =>
        Restored.Count == 0 ? network : FoldedNormalizations.Restore(network, ChannelCalibration.Run(network, Restored, images, recipe, options, cancellationToken));

    /// <summary>The network as it was given, with the weights of a training.</summary>
    public Model WithWeightsOf(Model trained)
    {
        var folded = FoldedNormalizations.Fold(trained, Restored).ToDictionary(t => t.Name);
        var own = StoredNumbers.Of(network);
        return StoredNumbers.Replace(network, StoredNumbers.Of(trained).Values.Where(t => own.ContainsKey(t.Name)).Select(t => folded.GetValueOrDefault(t.Name, t)));
    }
}
