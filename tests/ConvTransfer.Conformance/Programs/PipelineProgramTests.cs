using System.Diagnostics;
using ConvTransfer.Cli.Demo;
using ConvTransfer.Imaging;

namespace ConvTransfer.Conformance.Programs;

/// <summary>The file-based programs of the folder "pipelines": each is compiled and tried as a user would.</summary>
public sealed class PipelineProgramTests
{
    // Compiling takes about 15 seconds on an idle machine; the limit is for one that hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Fact]
    public void FlowersFeaturesWritesATableAndItsFigures()
    {
        string folder = Directory.CreateTempSubdirectory("convtransfer-program-").FullName;
        try
        {
            const int PerClass = 5;
            for (int i = 0; i < PerClass * 4; i++)
            {
                string label = Path.Combine(folder, "images", ShapePictures.Classes[i % 4]);
                Directory.CreateDirectory(label);
                using var picture = ShapePictures.Draw(1, i, i % 4);
                PngWriter.Write(picture, Path.Combine(label, $"{i}.png"));
            }
            string output = Path.Combine(folder, "features.csv");
            string printed = Run("flowers-features.cs", "--images", Path.Combine(folder, "images"), "--output", output);
            Assert.Contains("64 features of 20 pictures of 4 classes", printed);
            Assert.Contains("5 folds: accuracy", printed);
            string[] lines = File.ReadAllLines(output);
            Assert.Equal(21, lines.Length);
            Assert.StartsWith("file,label,f0,f1,", lines[0]);
            Assert.All(lines, l => Assert.Equal(66, l.Split(',').Length));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ConvTransfer.sln"))) root = root.Parent ?? throw new InvalidOperationException("the repository was not found");
        var start = new ProcessStartInfo("dotnet", ["run", "-c", "Release", Path.Combine(root.FullName, "pipelines", program), "--", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        // What the test runner sets for its own build must not reach this one.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end within {Limit}");
        }
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{output.Result}\n{error.Result}");
        return output.Result;
    }
}
