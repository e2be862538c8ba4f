using System.Globalization;
using ConvTransfer.Core;

namespace ConvTransfer.Training;

/// <summary>The folder of a run's checkpoints: checkpoint-1, checkpoint-2, …, of which the newest two that are whole stay. One run at a time has it.</summary>
internal sealed class CheckpointFolder : IDisposable
{
    private const string Prefix = "checkpoint-";
    private const int Kept = 2;
    private readonly string _folder;
    private readonly Action<string> _warn;
    private readonly FolderLock _lock;
    private readonly HashSet<int> _damaged = [];

    /// <summary>Takes the folder, makes it where there is none, and removes what a killed process left half written.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="warn">Told what the user should know.</param>
    /// <exception cref="ConvTransferException">Another training has the folder, or it cannot be written.</exception>
    public CheckpointFolder(string folder, Action<string> warn)
    {
        _folder = folder;
        _warn = warn;
        _lock = FolderLock.Take(folder, "checkpoints.lock", FailureCause.Checkpoint);
        foreach (string path in Directory.EnumerateFiles(folder, $".{Prefix}*{DurableFile.TemporarySuffix}")) Delete(path);
    }

    /// <summary>The path of the newest checkpoint that was written or read, or null.</summary>
    public string? Last { get; private set; }

    /// <summary>True when there is a checkpoint, whole or not.</summary>
    public bool HasAny => Numbers().Length > 0;

    /// <summary>The newest checkpoint that is whole, or null where there is none at all. Damaged ones are warned about.</summary>
    /// <exception cref="ConvTransferException">The newest whole one is of a newer version, or all are damaged.</exception>
    public TrainingCheckpoint? Newest()
    {
        ConvTransferException? first = null;
        foreach (int number in Numbers().Reverse())
        {
            try
            {
                var checkpoint = CheckpointFile.Read(PathOf(number));
                if (first is not null) _warn($"{first.Message}; the training goes on from {Prefix}{number}");
                Last = PathOf(number);
                return checkpoint;
            }
            catch (ConvTransferException e) when (e.Detail.StartsWith("is damaged", StringComparison.Ordinal))
            {
                if (first is not null) _warn(first.Message);
                first = e;
                _damaged.Add(number);
            }
        }
        return first is null ? null : throw first;
    }

    /// <summary>Writes a checkpoint; older ones go once it is durable. When it cannot be written, that is warned about and all stays as it was.</summary>
    /// <returns>True when it was written.</returns>
    public bool Save(TrainingCheckpoint checkpoint)
    {
        try
        {
            int[] before = Numbers();
            int number = before is [.., int newest] ? newest + 1 : 1;
            DurableFile.Save(PathOf(number), stream => CheckpointFile.Write(stream, checkpoint));
            Last = PathOf(number);
            foreach (int old in before.Where(_damaged.Contains).Concat(before.Where(n => !_damaged.Contains(n)).SkipLast(Kept - 1))) Delete(PathOf(old));
            return true;
        }
        catch (Exception e) when (e is ConvTransferException { Cause: FailureCause.Output } or IOException or UnauthorizedAccessException)
        {
            _warn($"the checkpoint could not be saved, the training goes on: {e.Message}");
            return false;
        }
    }

    /// <summary>Deletes all checkpoints.</summary>
    public void DeleteAll()
    {
        foreach (int number in Numbers()) Delete(PathOf(number));
    }

    public void Dispose() => _lock.Dispose();

    private string PathOf(int number) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}"));

    private int[] Numbers() =>
    [
        .. Directory.EnumerateFiles(_folder, $"{Prefix}*").Select(p => Path.GetFileName(p)[Prefix.Length..])
            .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n < int.MaxValue ? n : -1).Where(n => n >= 0).Order(),
    ];

    private void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _warn($"{DisplayText.Escape(path)} is no longer needed, but cannot be deleted: {DisplayText.Escape(e.Message, 500)}");
        }
    }
}
