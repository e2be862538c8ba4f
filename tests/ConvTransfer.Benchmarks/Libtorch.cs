using System.Diagnostics;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Benchmarks;

/// <summary>The program of ConvTransfer.Benchmarks.Torch: built when it is first needed, and started through a newer system's libraries where this system's are too old for it.</summary>
internal static class Libtorch
{
    private const string Project = "tests/ConvTransfer.Benchmarks.Torch";

    private static string[]? _command;

    /// <summary>libtorch's side of a training.</summary>
    /// <exception cref="InvalidOperationException">libtorch cannot be had or does not load; the message says what to do.</exception>
    public static TrainingSide Start(TrainingTask task)
    {
        string root = RecordFile.Root ?? throw new InvalidOperationException("libtorch's program is built from the sources, and these lie in no folder above this program");
        _command ??= Command(root, task);
        return TrainingSide.Start([.. _command, .. task.ToArguments()], root, out string error) ?? throw new InvalidOperationException($"libtorch's training did not start: {error}");
    }

    private static string[] Command(string root, TrainingTask task)
    {
        Build(root);
        string[] program = ["dotnet", Path.Combine(root, Project, "bin", "Release", "net10.0", "ConvTransfer.Benchmarks.Torch.dll")];
        if (Loads(program, root, task, out string reason)) return program;
        string script = SharedMaterial.IsPresent ? SharedMaterial.Path("tools", "trixie-run.sh") : "";
        string advice = $"libtorch does not load on this system:\n{reason}\n";
        if (!File.Exists(script)) throw new InvalidOperationException(advice + "It needs the C++ library of GCC 13 or newer. Run this on a newer system, or put tools/trixie-run.sh beside the repository (CONVTRANSFER_SHARED names another place).");
        string[] wrapped = ["bash", script, .. program];
        return Loads(wrapped, root, task, out string second) ? wrapped : throw new InvalidOperationException($"{advice}Through {script} it does not either:\n{second}");
    }

    // The compiler and the build end with the command, so that they take no time from what is measured.
    private static void Build(string root)
    {
        Console.WriteLine($"building {Project} (the first time it downloads libtorch, several hundred megabytes)");
        var start = new ProcessStartInfo("dotnet", ["build", "-c", "Release", "--nologo", "-v", "quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false", Project]) { WorkingDirectory = root, RedirectStandardOutput = true };
        using var build = Process.Start(start)!;
        string output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        if (build.ExitCode != 0)
            throw new InvalidOperationException($"{output}\nlibtorch's side cannot be built. It needs the package TorchSharp-cpu from a NuGet registry; to try by hand: dotnet build -c Release {Project}. Our side alone: train --alone");
    }

    private static bool Loads(string[] program, string root, TrainingTask task, out string reason)
    {
        using var side = TrainingSide.Start([.. program, .. task.ToArguments()], root, out reason);
        return side is not null;
    }
}
