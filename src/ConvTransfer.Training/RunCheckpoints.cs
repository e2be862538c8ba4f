using ConvTransfer.Core;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Training;

/// <summary>The checkpoints of one run: its folder, and its fingerprint.</summary>
internal sealed class RunCheckpoints : IDisposable
{
    private readonly Action<string> _warn;
    private readonly bool _resume;
    private readonly TrainingFingerprint _fingerprint;
    private readonly CheckpointFolder _folder;

    /// <summary>Takes the folder.</summary>
    /// <exception cref="ConvTransferException">Another training has the folder.</exception>
    public RunCheckpoints(Trainer trainer, ISampleSource samples, ISampleSource? heldOut)
    {
        _warn = trainer.How.Warn ?? (_ => { });
        _resume = trainer.How.Resume;
        _fingerprint = TrainingFingerprints.Of(trainer, trainer.Source, samples, heldOut);
        _folder = new CheckpointFolder(trainer.How.CheckpointFolder!, _warn);
    }

    /// <summary>The path of the newest checkpoint, or null.</summary>
    public string? Last => _folder.Last;

    /// <summary>The checkpoint to go on from, or null to start from the beginning.</summary>
    /// <param name="now">The numbers of the run, for their lengths.</param>
    /// <param name="batches">The batches of an epoch.</param>
    /// <exception cref="ConvTransferException">The checkpoints are those of another run, are damaged, or are there although none is wanted.</exception>
    public TrainingCheckpoint? Resumed(CheckpointNumbers now, int batches)
    {
        if (!_resume) return !_folder.HasAny ? null : throw new ConvTransferException(FailureCause.Checkpoint, "the folder holds the checkpoints of an earlier training: resume it, or name another folder");
        var found = _folder.Newest();
        if (found is null)
        {
            _warn("there is no checkpoint to go on from: the training starts from the beginning");
            return null;
        }
        var differences = _fingerprint.DifferencesFrom(found.Fingerprint);
        if (differences.Count > 0) throw new ConvTransferException(FailureCause.Checkpoint, $"this is not the training that the checkpoint is of: {string.Join("; ", differences.Select(d => DisplayText.Escape(d, 500)))}", _folder.Last);
        if (!Fits(found.Numbers, now) || !Fits(found.State, batches)) throw new ConvTransferException(FailureCause.Checkpoint, "the numbers of the checkpoint do not fit the network", _folder.Last);
        if (found.Fingerprint.InstructionSet != InstructionSet.Name) _warn($"the checkpoint was written with other instructions ({DisplayText.Escape(found.Fingerprint.InstructionSet, 100)}, here {InstructionSet.Name}): the last bits may differ");
        if (found.Fingerprint.Kernels != TrainingFingerprints.Code) _warn("the checkpoint was written by another version of this program: the last bits may differ");
        return found;
    }

    /// <summary>Saves a checkpoint; a failure is warned about.</summary>
    /// <returns>True when it was saved.</returns>
    public bool Save(TrainingState state, CheckpointNumbers numbers) => _folder.Save(new TrainingCheckpoint(_fingerprint, state, numbers));

    public void Dispose() => _folder.Dispose();

    private static bool Fits(TrainingState state, int batches) => state.Epoch >= 0 && state.Epochs.Count == state.Epoch && state.Batch >= 0 && state.Batch <= batches && state.Steps >= 0 && state.OptimizerSteps >= 0;

    private static bool Fits(CheckpointNumbers found, CheckpointNumbers now) =>
        found.All.Zip(now.All).SkipLast(1).All(kind => Same(kind.First, kind.Second)) && (found.Best.Length == 0 || Same(found.Best, now.Weights));

    private static bool Same(float[][] a, float[][] b) => a.Select(x => x.Length).SequenceEqual(b.Select(x => x.Length));
}
