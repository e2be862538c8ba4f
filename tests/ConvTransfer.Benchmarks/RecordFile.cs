using System.Globalization;

namespace ConvTransfer.Benchmarks;

/// <summary>Where records lie: a folder for each processor, a file for each day.</summary>
internal static class RecordFile
{
    /// <summary>The folder that holds the solution, or null where the program runs elsewhere.</summary>
    public static string? Root { get; } = Find();

    /// <summary>Writes a record of today and prints its path; without the sources around, none is written.</summary>
    /// <param name="lines">The header and the rows.</param>
    /// <param name="kind">What follows the date in the file's name.</param>
    public static void Write(IReadOnlyList<string> lines, string kind = "")
    {
        if (Root is null) return;
        string target = Path.Combine(Root, "tests", "ConvTransfer.Benchmarks", "record", MachineLoad.Processor());
        Directory.CreateDirectory(target);
        string path = Path.Combine(target, $"{DateTimeOffset.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}{kind}.csv");
        File.WriteAllLines(path, lines);
        Console.WriteLine(path);
    }

    private static string? Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ConvTransfer.sln"))) folder = folder.Parent;
        return folder?.FullName;
    }
}
