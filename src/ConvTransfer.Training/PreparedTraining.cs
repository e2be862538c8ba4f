using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>A training that is planned for a batch of some size: its phases, the weights that any of them trains, and the step of the phase that it is in. Owns their memory.</summary>
/// <remarks>Each phase has a step of its own, and one of them is there at a time: memory is that of the greatest, not of all.</remarks>
internal sealed class PreparedTraining : IDisposable
{
    private readonly TrainerOptions _how;
    private int _current = -1;
    private TrainingStep? _step;

    private PreparedTraining(TrainingPhase[] phases, TrainedWeights weights, TrainerOptions how)
    {
        Phases = phases;
        Weights = weights;
        _how = how;
    }

    /// <summary>The phases in their order, at least one.</summary>
    public TrainingPhase[] Phases { get; }

    /// <summary>The weights that are trained in the end, the statistics of the last phase's normalizations included.</summary>
    public TrainedWeights Weights { get; }

    /// <summary>What the phase with the most memory takes.</summary>
    public TrainingPlan Plan { get; private set; } = null!;

    /// <summary>The phase that it is in.</summary>
    public TrainingPhase Current => Phases[_current];

    /// <summary>The step of that phase.</summary>
    public TrainingStep Step => _step!;

    /// <summary>Plans a training, and enters its first phase.</summary>
    /// <param name="network">The network in an opset that has gradients.</param>
    /// <param name="layers">The layers with what is frozen in each phase.</param>
    /// <param name="options">How it is trained; the batch is its batch.</param>
    /// <param name="how">Threads and limits.</param>
    /// <exception cref="ConvTransferException">The network cannot be trained; every reason is listed. Or the memory does not suffice.</exception>
    public static PreparedTraining Of(Model network, IReadOnlyList<LayerList> layers, FineTuneOptions options, TrainerOptions how)
    {
        var phases = new TrainingPhase[layers.Count];
        for (int i = 0; i < phases.Length; i++)
        {
            var split = NetworkSplit.Of(network, layers[i], options.BatchSize, how.Limits);
            BatchMixing.Check(options, split);
            phases[i] = new TrainingPhase(i == 0 ? 0 : options.Unfreeze[i - 1].Epoch, layers[i], split);
            if (i > 0 && phases[i - 1].TrainedWeights.Except(split.Parameters).FirstOrDefault() is { } again)
                throw new ArgumentException($"weight '{DisplayText.Escape(again)}' is trained before, and frozen {options.Unfreeze[i - 1]}: a schedule only unfreezes");
        }
        var made = new PreparedTraining(phases, new TrainedWeights(phases[^1].Split), how);
        long heldOut = 0;
        try
        {
            for (int i = phases.Length - 1; i >= 0; i--)
            {
                made.Enter(i);
                var plan = TrainingPlan.Of(options, made);
                using (var evaluation = new EvaluationStep(phases[i].Split, made.Weights, how.Threads, how.Limits)) heldOut = Math.Max(heldOut, evaluation.NativeBytes);
                if (made.Plan is null || plan.Bytes > made.Plan.Bytes) made.Plan = plan;
            }
            made.Plan = made.Plan with { HeldOutBytes = heldOut };
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Goes to a phase: the step of the one before is freed first.</summary>
    public void Enter(int phase)
    {
        if (phase == _current) return;
        _step?.Dispose();
        _step = null;
        _current = -1;
        _step = new TrainingStep(Phases[phase].Split, Weights, _how.Threads, _how.Limits);
        _current = phase;
    }

    public void Dispose()
    {
        _step?.Dispose();
        Weights.Dispose();
    }
}
