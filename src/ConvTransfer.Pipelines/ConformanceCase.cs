using ConvTransfer.Core;

namespace ConvTransfer.Pipelines;

/// <summary>A test case as the ONNX project lays it out: a folder with "model.onnx", and beside it "test_data_set_N" folders with "input_K.pb" and "output_K.pb".</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Folder">The folder's path.</param>
public sealed record ConformanceCase(string Name, string Folder)
{
    /// <summary>The model file's path.</summary>
    public string ModelPath => Path.Combine(Folder, ModelFile);

    private const string ModelFile = "model.onnx";

    /// <summary>The cases in folders, in the ordinal order of their names: a folder is one case, or holds cases.</summary>
    /// <param name="folders">Paths of folders.</param>
    /// <param name="names">The names of the wanted cases; null for all.</param>
    /// <exception cref="ConvTransferException">A folder is missing or holds no case, or a wanted case is in none of them.</exception>
    public static IReadOnlyList<ConformanceCase> Find(IEnumerable<string> folders, IEnumerable<string>? names = null)
    {
        ArgumentNullException.ThrowIfNull(folders);
        var found = new SortedDictionary<string, ConformanceCase>(StringComparer.Ordinal);
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder)) throw new ConvTransferException(FailureCause.DataInvalid, "the folder does not exist", folder);
            int before = found.Count;
            foreach (string candidate in Directory.EnumerateDirectories(folder).Prepend(folder))
                if (File.Exists(Path.Combine(candidate, ModelFile))) found.TryAdd(Path.GetFullPath(candidate), new ConformanceCase(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(candidate))), candidate));
            if (found.Count == before) throw new ConvTransferException(FailureCause.DataInvalid, $"the folder is no case and holds none: no {ModelFile} in it or in a folder of it", folder);
        }
        var all = found.Values.OrderBy(c => c.Name, StringComparer.Ordinal);
        if (names is null) return [.. all];
        var byName = all.ToLookup(c => c.Name, StringComparer.Ordinal);
        string[] wanted = [.. names];
        string[] missing = [.. wanted.Where(n => !byName.Contains(n))];
        if (missing.Length > 0) throw new ConvTransferException(FailureCause.DataInvalid, $"{missing.Length} of the wanted cases are in no folder: {DisplayText.List(missing)}");
        return [.. wanted.SelectMany(n => byName[n])];
    }

    /// <summary>The data sets' folders, in ordinal order.</summary>
    public IEnumerable<string> DataSets() => Directory.EnumerateDirectories(Folder, "test_data_set_*").Order(StringComparer.Ordinal);
}
