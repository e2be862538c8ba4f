using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>Trains the layers of a network that are not frozen. One call at a time; the same seed gives the same bits on any number of threads.</summary>
public sealed class Trainer : IDisposable
{
    private readonly Model _source;
    private readonly FineTuneOptions _options;
    private readonly IReadOnlyList<LayerList> _layers;
    private readonly HashSet<string> _head;
    private readonly TrainerOptions _how;
    private readonly PreparedTraining _prepared;
    private bool _hasRun;

    /// <summary>Prepares a training: finds what is frozen, splits the network there, and plans a batch.</summary>
    /// <param name="network">The network, with one input whose axis 0 is the batch, and one output: logits [N, classes].</param>
    /// <param name="freeze">What is frozen: all that any of these rules names.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="how">Seed, threads, limits, and which weights belong to the head.</param>
    /// <exception cref="ArgumentException">A rule names nothing that the network has, or the options contradict each other or the network.</exception>
    /// <exception cref="ConvTransferException">The network cannot be trained; every reason is listed.</exception>
    public Trainer(Model network, IReadOnlyList<FreezeRule> freeze, FineTuneOptions options, TrainerOptions how)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(freeze);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(how);
        options.Check();
        ArgumentOutOfRangeException.ThrowIfNegative(how.CheckpointEvery);
        if (how.Resume && how.CheckpointFolder is null) throw new ArgumentException("a training can only be resumed from a folder of checkpoints", nameof(how));
        _source = network;
        _options = options;
        _how = how;
        _head = how.HeadWeights.ToHashSet();
        WeightChecks.RequireFloat32(network);
        WeightChecks.RequireFinite(network.Graph.Initializers);
        // Gradients are written in one opset; what is handed back is the network as it was given.
        var lifted = DynamicBatch.Apply(OpsetLift.LiftTo(network, Math.Max(GradientContext.LeastOpset, network.Opset() ?? 0), how.Limits));
        _layers = [.. options.Unfreeze.Select(p => p.Freeze).Prepend([.. freeze]).Select(rules => TrainableLayers.Of(lifted, rules, _head, how.Limits).WithPolicies(options.BatchNormalization, options.BatchNormalizationRules))];
        Scope = TrainingScope.Of(_layers[^1], _head);
        StoredNumbers.Require(network, _layers[^1].Changed);
        var promised = _layers[^1].Promised.ToHashSet();
        FrozenNumbers = [.. StoredNumbers.Of(network).Keys.Where(promised.Contains)];
        // While it is trained, a weight is an initializer.
        int before = lifted.Graph.Initializers.Count;
        lifted = StoredNumbers.AsInitializers(lifted, _layers.SelectMany(l => l.Stored).ToHashSet());
        WeightChecks.RequireFinite(lifted.Graph.Initializers.Skip(before));
        _prepared = Prepared(lifted);
        bool isWeighted = options.ClassWeights.Count is 0 || options.ClassWeights.Count == Classes;
        if (isWeighted && Plan.Bytes <= how.Limits.MemoryBytes) return;
        Dispose();
        if (!isWeighted) throw new ArgumentException($"there are {options.ClassWeights.Count} class weights, but the network has {Classes} classes", nameof(options));
        throw TooLarge(lifted, $"a training with batches of {options.BatchSize} needs {Plan.Bytes} bytes, beyond the memory limit of {how.Limits.MemoryBytes} bytes");
    }

    /// <summary>The phases of the training: one, and one more for each of <see cref="FineTuneOptions.Unfreeze"/>.</summary>
    public IReadOnlyList<TrainingPhase> Phases => _prepared.Phases;

    /// <summary>The part of the network that the first phase does not change, from the input to <see cref="Frontier"/>; null when the input itself is the frontier.</summary>
    public Model? First => Phases[0].First;

    /// <summary>The names of the values that a sample source writes in the first phase: made by <see cref="First"/>, or the network's input.</summary>
    public IReadOnlyList<string> Frontier => Phases[0].Frontier;

    /// <summary>The types of the values of that frontier for a batch.</summary>
    public IReadOnlyList<TensorType> FrontierTypes => Phases[0].FrontierTypes;

    /// <summary>The number of classes.</summary>
    public int Classes => checked((int)Last.LogitsType[1].Value);

    /// <summary>The names of the weights that are trained, in whatever phase.</summary>
    public IReadOnlyList<string> TrainedWeights => Last.Parameters;

    /// <summary>The names of all that a training changes: the weights, and the running statistics that follow the batches.</summary>
    public IReadOnlyList<string> ChangedNumbers => Weights.Names;

    /// <summary>The names of what no training changes: the tensors that the rules freeze in every phase, and those that batch normalizations keep.</summary>
    public IReadOnlyList<string> FrozenNumbers { get; }

    /// <summary>How much of the network is trained.</summary>
    public TrainingScope Scope { get; }

    /// <summary>The number of weights that are trained.</summary>
    public long TrainedCount => Plan.TrainedWeights;

    /// <summary>What a step takes: known, and taken, before the first one. With several phases, what a step of the one with the most memory takes.</summary>
    public TrainingPlan Plan => _prepared.Plan;

    /// <summary>Trains.</summary>
    /// <param name="samples">The samples to train on.</param>
    /// <param name="heldOut">Samples to try the network on after each epoch, or null.</param>
    /// <param name="progress">Told after every batch, or null.</param>
    /// <param name="cancellationToken">Ends the training within one step of the network; the result then holds the best weights so far.</param>
    /// <exception cref="ConvTransferException">A sample's class is outside the head, or a number is no longer finite: where it is, is said; or the folder of checkpoints is taken, or belongs to another training.</exception>
    public TrainingResult Run(ISampleSource samples, ISampleSource? heldOut = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (Phases.Any(p => !p.Frontier.SequenceEqual(Frontier))) throw new ArgumentException("the phases of the training have different frontiers: give a source for each of them", nameof(samples));
        return Run([.. Phases.Select(_ => samples)], heldOut is null ? null : [.. Phases.Select(_ => heldOut)], progress, cancellationToken);
    }

    /// <summary>Trains, with a source for each of the <see cref="Phases"/>: the same samples, given at the frontier of the phase.</summary>
    /// <inheritdoc cref="Run(ISampleSource, ISampleSource?, IProgress{TrainingProgress}?, CancellationToken)"/>
    /// <exception cref="InvalidOperationException">There are several phases, and it ran before.</exception>
    public TrainingResult Run(IReadOnlyList<ISampleSource> samples, IReadOnlyList<ISampleSource>? heldOut = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfNotEqual(samples.Count, Phases.Count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(heldOut?.Count ?? Phases.Count, Phases.Count);
        foreach (var source in samples.Concat(heldOut ?? [])) Check(source);
        // A phase holds what it freezes as it was given.
        if (_hasRun && Phases.Count > 1) throw new InvalidOperationException("a training of several phases runs once; make another one of its result");
        _hasRun = true;
        if (heldOut is not null && Plan.Bytes + Plan.HeldOutBytes > _how.Limits.MemoryBytes) throw new ConvTransferException(FailureCause.Limit, $"the training needs {Plan.Bytes} bytes, and trying it on held-out samples {Plan.HeldOutBytes} more, beyond the memory limit of {_how.Limits.MemoryBytes} bytes; a smaller batch needs less", _source.File);
        foreach (string warning in Scope.Warnings) _how.Warn?.Invoke(warning);
        if (_options.Patience > 0 && heldOut is null) _how.Warn?.Invoke($"{nameof(FineTuneOptions.Patience)} is without effect: no samples are held out to stop by");
        using var run = new TrainingRun(this, samples, heldOut, progress);
        return run.Run(cancellationToken);
    }

    /// <summary>Looks for a learning rate: trains on a few batches while the rates of all weights rise together, and then takes everything back. A training after it gives the bits of one without it.</summary>
    /// <param name="samples">The samples to train on, at the frontier of the first phase, which is the one that is tried; as few as one batch do, they are gone through as often as it takes.</param>
    /// <param name="options">The range of rates and the number of steps; null for <see cref="LearningRateFinderOptions.Default"/>.</param>
    /// <param name="progress">Told after every step, or null.</param>
    /// <param name="cancellationToken">Stops; everything is taken back all the same.</param>
    /// <exception cref="ArgumentException">Every rate of the training's options is 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value of the options is out of its range.</exception>
    /// <exception cref="ConvTransferException">A sample's class is outside the head.</exception>
    public LearningRateCurve FindLearningRate(ISampleSource samples, LearningRateFinderOptions? options = null, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= LearningRateFinderOptions.Default;
        options.Check();
        Check(samples);
        foreach (string warning in Scope.Warnings) _how.Warn?.Invoke(warning);
        return new LearningRateFinder(this, samples, options).Run(progress, cancellationToken);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _prepared.Dispose();

    internal FineTuneOptions Options => _options;

    internal TrainerOptions How => _how;

    internal Model Source => _source;

    internal TrainedWeights Weights => _prepared.Weights;

    /// <summary>The split of the phase that the training is in.</summary>
    internal NetworkSplit Split => _prepared.Current.Split;

    /// <summary>The split of the last phase, which has all that is trained.</summary>
    internal NetworkSplit Last => _prepared.Phases[^1].Split;

    /// <summary>The step of the phase that the training is in.</summary>
    internal TrainingStep Step => _prepared.Step;

    /// <summary>Goes to a phase.</summary>
    internal void Enter(int phase) => _prepared.Enter(phase);

    /// <summary>The learning rate of each weight: the head's, or the body's with its decay by depth among the layers that are trained in the end.</summary>
    internal double[] Rates()
    {
        var body = _layers[^1].All.Where(l => l.IsTrained && !l.Parameters.Any(_head.Contains)).ToArray();
        int nearest = body.Length == 0 ? 0 : body.Min(l => l.Depth);
        return Array.ConvertAll(Last.Parameters, name => _head.Contains(name)
            ? _options.HeadRate
            : _options.BodyRate * Math.Pow(_options.LayerDecay, body.Where(l => l.Parameters.Contains(name)).Select(l => l.Depth).DefaultIfEmpty(nearest).Min() - nearest));
    }

    /// <summary>The decay of each weight: the options' where a layer that is trained in the end has it as a factor.</summary>
    internal double[] Decays()
    {
        var factors = _layers[^1].All.Where(l => l.IsTrained).SelectMany(l => l.Factors).ToHashSet();
        return Array.ConvertAll(Last.Parameters, name => factors.Contains(name) ? _options.WeightDecay : 0);
    }

    /// <summary>The given network with the weights as they are now.</summary>
    internal Model Trained() => StoredNumbers.Replace(_source, Weights.ToData());

    // A step that does not fit into the memory is refused with the largest batch that does.
    private PreparedTraining Prepared(Model lifted)
    {
        try
        {
            return PreparedTraining.Of(lifted, _layers, _options, _how);
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.Limit)
        {
            throw TooLarge(lifted, e.Detail);
        }
    }

    private ConvTransferException TooLarge(Model lifted, string why)
    {
        int fits = 0;
        for (int step = 1 << System.Numerics.BitOperations.Log2((uint)_options.BatchSize); step > 0; step >>= 1)
            if (fits + step < _options.BatchSize && Fits(fits + step)) fits += step;
        return new ConvTransferException(FailureCause.Limit, $"{why}; {(fits == 0 ? "not even a batch of one sample fits" : $"the largest batch that fits is {fits}")}", _source.File);

        bool Fits(int batch)
        {
            try
            {
                using var made = PreparedTraining.Of(lifted, _layers, _options with { BatchSize = batch }, _how);
                return made.Plan.Bytes <= _how.Limits.MemoryBytes;
            }
            catch (ConvTransferException)
            {
                // Beyond the limit, or too small for a batch normalization.
                return false;
            }
        }
    }

    private void Check(ISampleSource samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0) throw new ConvTransferException(FailureCause.DataInvalid, "there is no sample to train on");
        for (int i = 0; i < samples.Count; i++)
            if (samples.Label(i) is var label && (label < 0 || label >= Classes)) throw new ConvTransferException(FailureCause.DataInvalid, $"sample {i} is of class {label}, but the head has {Classes} classes, 0 to {Classes - 1}");
    }
}

/// <summary>What a training needs to know beside the network and the options of the learning itself.</summary>
public sealed record TrainerOptions
{
    /// <summary>The seed of all that is random.</summary>
    public long Seed { get; init; }

    /// <summary>The number of threads; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>The limits.</summary>
    public Limits Limits { get; init; } = Limits.Default;

    /// <summary>The names of the weights that belong to the new head and have its learning rate.</summary>
    public ValueList<string> HeadWeights { get; init; }

    /// <summary>The names of initializers that were measured on the samples before the training, with this machine's arithmetic. Another one may give them other last bits, which a training that goes on there is not refused for.</summary>
    public ValueList<string> MeasuredNumbers { get; init; }

    /// <summary>The folder of the checkpoints, or null for none. It is made where there is none; one training at a time may have it.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>The batches between two checkpoints; 0 for one after each epoch. One more is written at the end, and when the training is cancelled.</summary>
    public int CheckpointEvery { get; init; }

    /// <summary>True to go on from the newest whole checkpoint of the folder, to the bit as if the training had never stopped. Where there is none it starts from the beginning.</summary>
    public bool Resume { get; init; }

    /// <summary>What else must be the same where a training goes on, by name: how samples are made ready, and what they are. It is held against the checkpoint's, like the options.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    /// <summary>Told what the user should know: a checkpoint that is damaged or could not be saved. Null to drop it.</summary>
    public Action<string>? Warn { get; init; }
}
