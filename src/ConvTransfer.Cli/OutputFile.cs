using ConvTransfer.Core;

namespace ConvTransfer.Cli;

/// <summary>Refuses outputs that cannot or must not be written before any work is done for them.</summary>
internal static class OutputFile
{
    /// <summary>Checks where a file shall be written.</summary>
    /// <param name="path">The output.</param>
    /// <param name="force">True when an existing file may be replaced.</param>
    /// <param name="inputs">The files that the work reads; none of them is ever the output, under whatever name.</param>
    /// <exception cref="ConvTransferException">The output cannot be written there, exists already, or is an input.</exception>
    public static void Check(string path, bool force, params IEnumerable<string> inputs)
    {
        foreach (string input in inputs)
            if (FileIdentity.AreSame(path, input)) throw Refused(path, $"the output is the input {DisplayText.Escape(input)}; an input is never overwritten");
        if (Directory.Exists(path)) throw Refused(path, "the output is a folder");
        if (File.Exists(path) && !force) throw Refused(path, "the output exists already; --force replaces it");
        string full = Path.GetFullPath(path);
        CheckFolder(Path.GetDirectoryName(full) ?? full, path);
    }

    /// <summary>Checks where several files shall be written: in a folder, which is made later where it does not exist.</summary>
    /// <exception cref="ConvTransferException">They cannot be written there, one exists already, or one is an input.</exception>
    public static void CheckIn(string folder, IEnumerable<string> paths, bool force, params IEnumerable<string> inputs)
    {
        if (File.Exists(folder)) throw Refused(folder, "the output folder is a file");
        if (Directory.Exists(folder)) foreach (string path in paths) Check(path, force, inputs);
        else CheckFolder(Path.GetDirectoryName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(folder))) ?? folder, folder);
    }

    /// <summary>Checks that files can be made in a folder.</summary>
    /// <exception cref="ConvTransferException">It does not exist or takes no files.</exception>
    public static void CheckFolder(string folder, string shown)
    {
        if (!Directory.Exists(folder)) throw Refused(shown, "the folder of the output does not exist");
        try
        {
            using var probe = File.OpenHandle(Path.Combine(folder, $".{Guid.NewGuid():N}{DurableFile.TemporarySuffix}"), FileMode.CreateNew, FileAccess.Write, options: FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(shown, $"the folder of the output takes no files: {DisplayText.Escape(e.Message, 300)}");
        }
    }

    private static ConvTransferException Refused(string path, string why) => new(FailureCause.Output, why, path);
}
