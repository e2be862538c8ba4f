using ConvTransfer.Core;

namespace ConvTransfer.Training;

/// <summary>The checkpoints that a training leaves in <see cref="TrainerOptions.CheckpointFolder"/>.</summary>
public static class TrainingCheckpoints
{
    /// <summary>Deletes them, and the folder where nothing else is in it. A folder that does not exist is left at that.</summary>
    /// <exception cref="ConvTransferException">A training has the folder.</exception>
    public static void Delete(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder)) return;
        using (var checkpoints = new CheckpointFolder(folder, _ => { })) checkpoints.DeleteAll();
        if (!Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
    }
}
