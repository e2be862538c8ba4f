using System.Diagnostics;
using System.Globalization;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Benchmarks;

/// <summary>A training in a process of its own, which takes a step when it is told to: so that the memory of two sides is measured apart and their times in turn.</summary>
internal sealed class TrainingSide : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _errors = [];

    private TrainingSide(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrWhiteSpace(line.Data)) lock (_errors) _errors.Add(line.Data);
        };
        process.BeginErrorReadLine();
    }

    /// <summary>Our side.</summary>
    public static TrainingSide Ours(TrainingTask task)
    {
        string program = Environment.ProcessPath!;
        string[] start = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(TrainingSide).Assembly.Location] : [program];
        return Start([.. start, "train-ours", .. task.ToArguments()], Directory.GetCurrentDirectory(), out string error) ?? throw new InvalidOperationException($"our training did not start: {error}");
    }

    /// <summary>Starts a program that says "ready", or gives null and what it wrote as errors.</summary>
    public static TrainingSide? Start(string[] command, string folder, out string error)
    {
        var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder })!;
        var side = new TrainingSide(process);
        bool isReady = process.StandardOutput.ReadLine() == "ready";
        error = isReady ? "" : side.End();
        if (isReady) return side;
        process.Dispose();
        return null;
    }

    /// <summary>One step.</summary>
    /// <param name="samples">The numbers of the samples; our side finds them itself and tells them.</param>
    public (double Milliseconds, double Loss, string Samples) Step(string samples)
    {
        string[] answer = Ask($"step {samples}").Split(' ');
        return (double.Parse(answer[0], CultureInfo.InvariantCulture), double.Parse(answer[1], CultureInfo.InvariantCulture), answer.Length > 2 ? answer[2] : samples);
    }

    /// <summary>The most memory that the process had resident so far, in megabytes.</summary>
    public double PeakMegabytes() => long.Parse(Ask("peak"), CultureInfo.InvariantCulture) / 1e6;

    /// <summary>Has the network written as it is now.</summary>
    public void Write(string path) => Ask($"write {path}");

    /// <summary>Ends the process: its input ends.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Ask(string command)
    {
        _process.StandardInput.WriteLine(command);
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"a training ended at the command '{command}': {End()}");
    }

    // Waits for the end and for all that was written as errors.
    private string End()
    {
        _process.WaitForExit();
        lock (_errors) return string.Join('\n', _errors);
    }
}
