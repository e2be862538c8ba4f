using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>Trains the layers of a network that are not frozen. One call at a time; the same seed gives the same bits on any number of threads.</summary>
public sealed class Trainer : IDisposable
{
    private readonly Model _source;
    private readonly FineTuneOptions _options;
    private readonly NetworkSplit _split;
    private readonly LayerList _layers;
    private readonly HashSet<string> _head;
    private readonly TrainedWeights _weights;
    private readonly TrainerOptions _how;
    private readonly TrainingStep _step;

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
        FiniteWeights.Require(network.Graph.Initializers);
        // Gradients are written in one opset; what is handed back is the network as it was given.
        var lifted = DynamicBatch.Apply(OpsetLift.LiftTo(network, Math.Max(GradientContext.LeastOpset, network.Opset() ?? 0), how.Limits));
        _layers = TrainableLayers.Of(lifted, freeze, _head, how.Limits);
        (_split, _weights, _step) = Prepared(lifted, options.BatchSize);
        First = _split.First();
        Plan = TrainingPlan.Of(options, _split, _weights, _step);
        bool isWeighted = options.ClassWeights.Count is 0 || options.ClassWeights.Count == Classes;
        if (isWeighted && Plan.Bytes <= how.Limits.MemoryBytes) return;
        Dispose();
        if (!isWeighted) throw new ArgumentException($"there are {options.ClassWeights.Count} class weights, but the network has {Classes} classes", nameof(options));
        throw TooLarge(lifted, $"a training with batches of {options.BatchSize} needs {Plan.Bytes} bytes, beyond the memory limit of {how.Limits.MemoryBytes} bytes");
    }

    /// <summary>The part of the network that no training changes, from the input to <see cref="Frontier"/>; null when the input itself is the frontier.</summary>
    public Model? First { get; }

    /// <summary>The names of the values that a sample source writes: made by <see cref="First"/>, or the network's input.</summary>
    public IReadOnlyList<string> Frontier => _split.Frontier;

    /// <summary>The types of the values of the frontier for a batch.</summary>
    public IReadOnlyList<TensorType> FrontierTypes => _split.FrontierTypes;

    /// <summary>The number of classes.</summary>
    public int Classes => checked((int)_split.LogitsType[1].Value);

    /// <summary>The names of the weights that are trained.</summary>
    public IReadOnlyList<string> TrainedWeights => _split.Parameters;

    /// <summary>The number of weights that are trained.</summary>
    public long TrainedCount => Plan.TrainedWeights;

    /// <summary>What a step takes: known, and taken, before the first one.</summary>
    public TrainingPlan Plan { get; }

    /// <summary>Trains.</summary>
    /// <param name="samples">The samples to train on.</param>
    /// <param name="heldOut">Samples to try the network on after each epoch, or null.</param>
    /// <param name="progress">Told after every batch, or null.</param>
    /// <param name="cancellationToken">Ends the training within one step of the network; the result then holds the best weights so far.</param>
    /// <exception cref="ConvTransferException">A sample's class is outside the head, or a number is no longer finite: the first layer is named; or the folder of checkpoints is taken, or belongs to another training.</exception>
    public TrainingResult Run(ISampleSource samples, ISampleSource? heldOut = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        Check(samples);
        if (heldOut is not null) Check(heldOut);
        using var run = new TrainingRun(this, samples, heldOut, progress);
        return run.Run(cancellationToken);
    }

    /// <summary>Looks for a learning rate: trains on a few batches while the rates of all weights rise together, and then takes everything back. A training after it gives the bits of one without it.</summary>
    /// <param name="samples">The samples to train on; as few as one batch do, they are gone through as often as it takes.</param>
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
        return new LearningRateFinder(this, samples, options).Run(progress, cancellationToken);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _step.Dispose();
        _weights.Dispose();
    }

    internal FineTuneOptions Options => _options;

    internal TrainerOptions How => _how;

    internal NetworkSplit Split => _split;

    internal Model Source => _source;

    internal TrainedWeights Weights => _weights;

    internal TrainingStep Step => _step;

    /// <summary>The learning rate of each weight: the head's, or the body's with its decay by depth.</summary>
    internal double[] Rates()
    {
        var body = _layers.All.Where(l => !l.IsFrozen && !l.Parameters.Any(_head.Contains)).ToArray();
        int nearest = body.Length == 0 ? 0 : body.Min(l => l.Depth);
        return Array.ConvertAll(_split.Parameters, name => _head.Contains(name)
            ? _options.HeadRate
            : _options.BodyRate * Math.Pow(_options.LayerDecay, body.Where(l => l.Parameters.Contains(name)).Select(l => l.Depth).DefaultIfEmpty(nearest).Min() - nearest));
    }

    /// <summary>The given network with the weights as they are now.</summary>
    internal Model Trained() => _source with { Graph = _source.Graph.ReplaceInitializers([.. _weights.ToData()]) };

    // A step that does not fit into the memory is refused with the largest batch that does.
    private (NetworkSplit Split, TrainedWeights Weights, TrainingStep Step) Prepared(Model lifted, int batch)
    {
        var made = Make(lifted, batch, out string? refused);
        return made ?? throw TooLarge(lifted, refused!);
    }

    private (NetworkSplit Split, TrainedWeights Weights, TrainingStep Step)? Make(Model lifted, int batch, out string? refused)
    {
        refused = null;
        TrainedWeights? weights = null;
        try
        {
            var split = NetworkSplit.Of(lifted, _layers, _options.BatchNormalization, batch, _how.Limits);
            BatchMixing.Check(_options, split);
            weights = new TrainedWeights(split);
            return (split, weights, new TrainingStep(split, weights, _how.Threads, _how.Limits));
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.Limit)
        {
            weights?.Dispose();
            refused = e.Detail;
            return null;
        }
        catch
        {
            weights?.Dispose();
            throw;
        }
    }

    private ConvTransferException TooLarge(Model lifted, string why)
    {
        int fits = 0;
        for (int step = HighestBit(_options.BatchSize); step > 0; step >>= 1)
        {
            if (fits + step >= _options.BatchSize || Make(lifted, fits + step, out _) is not { } made) continue;
            using (made.Weights)
            using (made.Step)
            {
                if (TrainingPlan.Of(_options with { BatchSize = fits + step }, made.Split, made.Weights, made.Step).Bytes <= _how.Limits.MemoryBytes) fits += step;
            }
        }
        return new ConvTransferException(FailureCause.Limit, $"{why}; {(fits == 0 ? "not even a batch of one sample fits" : $"the largest batch that fits is {fits}")}", _source.File);

        static int HighestBit(int n) => 1 << System.Numerics.BitOperations.Log2((uint)n);
    }

    private void Check(ISampleSource samples)
    {
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
