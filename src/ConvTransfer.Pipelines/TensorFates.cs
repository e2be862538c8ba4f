using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>What became of the tensors that a network held before it was fine-tuned.</summary>
/// <param name="Trained">The names of the weights that were trained.</param>
/// <param name="Frozen">The names of those that were to stay as they are.</param>
/// <param name="FrozenHash">One hash over these: before the training, and after it.</param>
/// <param name="Unchanged">The names of all that are byte for byte as they were, whatever the reason.</param>
internal sealed record TensorFates(ValueList<string> Trained, ValueList<string> Frozen, string FrozenHash, ValueList<string> Unchanged)
{
    /// <summary>Compares a network with its source, and holds the training to what it promised.</summary>
    /// <param name="source">The network before.</param>
    /// <param name="now">The network after, with the names that it had.</param>
    /// <param name="trainer">The training.</param>
    /// <param name="head">The names of the new head's weights.</param>
    /// <exception cref="ConvTransferException">A tensor that was to stay as it is has changed.</exception>
    public static TensorFates Of(Model source, Model now, Trainer trainer, IEnumerable<string> head)
    {
        var before = StoredNumbers.Of(source);
        return Of(source, now, trainer.TrainedWeights.Except(head).Where(before.ContainsKey).ToValueList(), trainer.FrozenNumbers.Where(before.ContainsKey).ToValueList());
    }

    /// <inheritdoc cref="Of(Model, Model, Trainer, IEnumerable{string})"/>
    /// <param name="source">The network before.</param>
    /// <param name="now">The network after.</param>
    /// <param name="trained">The names of the weights that were trained.</param>
    /// <param name="frozen">The names of what was to stay as it is, as the rules have it and not as the result does.</param>
    public static TensorFates Of(Model source, Model now, ValueList<string> trained, ValueList<string> frozen)
    {
        string hash = FineTunedModel.HashOf(source, frozen);
        IReadOnlyDictionary<string, TensorData> before = StoredNumbers.Of(source), after = StoredNumbers.Of(now);
        ValueList<string> unchanged = before.Values.Where(t => after.TryGetValue(t.Name, out var data) && t.HasSameContent(data)).Select(t => t.Name).ToValueList();
        if (hash == FineTunedModel.HashOf(now, frozen)) return new TensorFates(trained, frozen, hash, unchanged);
        string[] changed = [.. frozen.Except(unchanged)];
        throw new ConvTransferException(FailureCause.Output, $"the training changed what is frozen: {DisplayText.List(changed, most: 5)}. This is a fault of ConvTransfer; nothing is written", source.File);
    }
}
