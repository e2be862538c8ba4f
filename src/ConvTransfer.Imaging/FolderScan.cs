using System.Text;
using ConvTransfer.Core;

namespace ConvTransfer.Imaging;

/// <summary>Lists the pictures of a folder of class folders. Links are followed only to places inside the folder, and never in a circle.</summary>
internal sealed class FolderScan
{
    private static readonly string[] Leftovers = ["Thumbs.db", "desktop.ini", "__MACOSX"];

    private readonly string _root;
    private readonly List<IgnoredFile> _ignored = [];

    private FolderScan(string root) => _root = root;

    /// <summary>The data set of a folder.</summary>
    /// <exception cref="ConvTransferException">There is no such folder, or there is nothing in it to learn from.</exception>
    public static ImageDataset Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path)) throw new ConvTransferException(FailureCause.DataInvalid, File.Exists(path) ? "it is a file, expected a folder with a folder for each class" : "the folder does not exist", path);
        try
        {
            return new FolderScan(path).Run();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InsufficientExecutionStackException)
        {
            throw new ConvTransferException(FailureCause.DataInvalid, $"the folder cannot be listed: {DisplayText.Escape(e.Message, 300)}", path, innerException: e);
        }
    }

    private ImageDataset Run()
    {
        string realRoot = RealPath(new DirectoryInfo(_root));
        var classes = new List<string>();
        var items = new List<LabelledImage>();
        var warnings = new List<string>();
        foreach (string file in Directory.EnumerateFiles(_root)) Ignore(file, "it stands in no class folder");
        foreach (string folder in Sorted(Directory.EnumerateDirectories(_root)))
        {
            if (Skips(folder) || !Enters(folder, realRoot, [realRoot])) continue;
            var files = new List<string>();
            Collect(folder, realRoot, [realRoot], files);
            string name = Path.GetFileName(folder);
            if (files.Count == 0)
            {
                warnings.Add($"class folder '{DisplayText.Escape(name)}' has no pictures and is left out");
                continue;
            }
            items.AddRange(Sorted(files).Select(f => new LabelledImage(f, classes.Count)));
            classes.Add(name);
        }
        if (classes.Count == 0) throw new ConvTransferException(FailureCause.DataInvalid, "it has no class folder with pictures; expected a folder for each class, with its pictures in it", _root);
        foreach (var alike in classes.GroupBy(c => c.Normalize(NormalizationForm.FormC).ToUpperInvariant()).Where(g => g.Count() > 1))
            warnings.Add($"classes {string.Join(", ", alike.Select(c => $"'{DisplayText.Escape(c)}'"))} differ only in case or in how their letters are encoded; they are kept apart");
        return new ImageDataset(classes, items) { Ignored = _ignored, Warnings = warnings };
    }

    // The real places on the way tell a circle; a tree deeper than the stack is refused.
    private void Collect(string folder, string realRoot, List<string> above, List<string> files)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            if (Skips(file)) continue;
            var info = new FileInfo(file);
            if (info.LinkTarget is not null && !Inside(RealPath(info), realRoot)) Ignore(file, "it is a link out of the folder");
            else if (!File.Exists(file)) Ignore(file, "it cannot be opened; perhaps its name is not UTF-8, or it is a broken link");
            else files.Add(file);
        }
        List<string> here = [.. above, RealPath(new DirectoryInfo(folder))];
        foreach (string inner in Sorted(Directory.EnumerateDirectories(folder)))
            if (!Skips(inner) && Enters(inner, realRoot, here)) Collect(inner, realRoot, here, files);
    }

    private bool Enters(string folder, string realRoot, List<string> above)
    {
        string real = RealPath(new DirectoryInfo(folder));
        if (!Inside(real, realRoot)) return !Ignore(folder, "it is a link out of the folder");
        return !above.Contains(real) || !Ignore(folder, "it is a link to a folder that it stands in");
    }

    private bool Skips(string path)
    {
        string name = Path.GetFileName(path);
        return (name.StartsWith('.') || Leftovers.Contains(name, StringComparer.OrdinalIgnoreCase)) && Ignore(path, "it is hidden, or a file manager's");
    }

    private bool Ignore(string path, string reason)
    {
        _ignored.Add(new IgnoredFile(path, reason));
        return true;
    }

    private static IEnumerable<string> Sorted(IEnumerable<string> paths) => paths.Order(StringComparer.Ordinal);

    private static bool Inside(string real, string realRoot) => real == realRoot || real.StartsWith(realRoot.EndsWith(Path.DirectorySeparatorChar) ? realRoot : realRoot + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // Links above an entry are followed too: containment is decided on real places.
    private static string RealPath(FileSystemInfo entry)
    {
        string full = Path.GetFullPath(entry.FullName);
        string? parent = Path.GetDirectoryName(full);
        if (parent is null) return full;
        string here = Path.Combine(RealPath(new DirectoryInfo(parent)), Path.GetFileName(full));
        FileSystemInfo at = entry is DirectoryInfo ? new DirectoryInfo(here) : new FileInfo(here);
        return at.LinkTarget is null ? here : at.ResolveLinkTarget(returnFinalTarget: true) is { } target ? Path.GetFullPath(target.FullName) : here;
    }
}
