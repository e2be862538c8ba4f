using System.Diagnostics;

namespace ConvTransfer.Tests.Common;

/// <summary>One row of the catalogue of bad input: a file, what must happen, and the words that the message must hold.</summary>
public sealed record FaultRow(string Id, string File, string Wanted, string Words, string Prep, string Note)
{
    /// <summary>True when the message holds, for every part between semicolons, one of the alternatives between bars.</summary>
    public bool Matches(string message) => Words.Length == 0 || Words.Split(';').All(part => part.Split('|').Any(word => message.Contains(word, StringComparison.OrdinalIgnoreCase)));
}

/// <summary>The catalogue of bad input in the test material (faults/expected.tsv).</summary>
public static class FaultTable
{
    /// <summary>All rows, in the file's order; empty without the material.</summary>
    public static IReadOnlyList<FaultRow> Rows { get; } = Load();

    /// <summary>The row of that number.</summary>
    public static FaultRow Row(string id) => Rows.Single(r => r.Id == id);

    /// <summary>The row's file. Where the fixture must be prepared first, a copy in a folder of its own is, which the caller deletes.</summary>
    public static string Prepare(FaultRow row, string scratch)
    {
        string source = Path.Combine(SharedMaterial.Path("faults"), row.File);
        if (row.Prep is "" or "-") return source;
        Copy(SharedMaterial.Path("faults"), scratch);
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", row.Prep }, WorkingDirectory = scratch, RedirectStandardError = true })!;
        string errors = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        if (shell.ExitCode != 0) throw new InvalidOperationException($"row {row.Id}: preparation '{row.Prep}' failed: {errors}");
        // A preparation may end with the file that is then to be read.
        int load = row.Prep.IndexOf("# load ", StringComparison.Ordinal);
        return Path.Combine(scratch, load < 0 ? row.File : row.Prep[(load + 7)..].Trim());
    }

    private static void Copy(string from, string to)
    {
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            File.WriteAllBytes(target, File.ReadAllBytes(file));
        }
    }

    private static FaultRow[] Load()
    {
        if (!SharedMaterial.IsPresent) return [];
        return
        [
            .. File.ReadLines(Path.Combine(SharedMaterial.Path("faults"), "expected.tsv")).Skip(1).Select(line => line.Split('\t')).Where(c => c.Length >= 7)
                .Select(c => new FaultRow(c[0], c[1], c[2], c[3] == "-" ? "" : c[3], c[5], c[6])),
        ];
    }
}
