using ConvTransfer.Core;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>Where a fine-tuning saves how far it is. Each training of it, those for the figures included, has a folder of its own inside.</summary>
/// <param name="Folder">The folder; it is made where it does not exist. One fine-tuning at a time may have it.</param>
public sealed record FineTuneCheckpoints(string Folder)
{
    /// <summary>The folder.</summary>
    public string Folder { get; init; } = Folder ?? throw new ArgumentNullException(nameof(Folder));

    /// <summary>The batches between two checkpoints; 0 for one after each epoch.</summary>
    public int Every { get; init; }

    /// <summary>True to go on where the trainings of the folder were, to the bit as if they had never stopped; those that have none begin.</summary>
    public bool Resume { get; init; }

    /// <summary>True when a training has left a folder there.</summary>
    public bool HasAny => Directory.Exists(Folder) && Directory.EnumerateDirectories(Folder).Any();

    /// <summary>Deletes the checkpoints, and the folder where nothing else is in it.</summary>
    /// <exception cref="ConvTransferException">A training has them.</exception>
    public void Delete()
    {
        if (!Directory.Exists(Folder)) return;
        foreach (string phase in Directory.EnumerateDirectories(Folder)) TrainingCheckpoints.Delete(phase);
        if (!Directory.EnumerateFileSystemEntries(Folder).Any()) Directory.Delete(Folder);
    }

    /// <summary>Keeps others who take the folder out of it, between its trainings too, until the result is disposed; the folder then goes where nothing is left in it.</summary>
    /// <exception cref="ConvTransferException">Another has taken it, or it cannot be written.</exception>
    public IDisposable Take() => new Taken(Folder);

    internal TrainerOptions For(string phase, IReadOnlyDictionary<string, string> inputs)
    {
        string folder = Path.Combine(Folder, phase);
        return new TrainerOptions { CheckpointFolder = folder, CheckpointEvery = Every, Resume = Resume && Directory.Exists(folder), Inputs = inputs };
    }

    private sealed class Taken(string folder) : IDisposable
    {
        private readonly FolderLock _lock = FolderLock.Take(folder, "fine-tuning.lock", FailureCause.Checkpoint);

        public void Dispose()
        {
            _lock.Dispose();
            try
            {
                if (!Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // An empty folder that stays does no harm, and the work is done.
            }
        }
    }
}
