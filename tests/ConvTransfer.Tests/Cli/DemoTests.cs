using System.Diagnostics;
using System.Text.Json.Nodes;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Cli;

/// <summary>The demonstration, as a new user runs it: a process in an empty folder.</summary>
public sealed class DemoTests
{
    [Fact]
    public void FineTuningIsBetterThanFrozenFeaturesAndTheFileAnswers()
    {
        using var folder = new TemporaryFolder();
        string program = Path.Combine(AppContext.BaseDirectory, "convtransfer");
        var said = Run("demo", "--json");
        double frozen = (double)said["accuracy"]!, tuned = (double)said["fineTuned"]!["accuracy"]!;
        // Chance is a quarter.
        Assert.True(frozen > 0.8 && tuned > frozen && tuned > 0.95, $"frozen {frozen}, fine-tuned {tuned}");
        Assert.Equal(200, (int)said["checkedImages"]!);
        Assert.Equal(["convtransfer-demo"], folder.Names());
        string picture = Path.Combine("convtransfer-demo", "images", "circle", "000.png");
        Assert.Single(Run("predict", "--model", (string)said["model"]!, picture, "--json")["predictions"]!.AsArray());

        JsonNode Run(params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.Root, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error.Result);
            return JsonNode.Parse(output)!;
        }
    }
}
