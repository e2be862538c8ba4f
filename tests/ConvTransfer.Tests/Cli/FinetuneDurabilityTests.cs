using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using ConvTransfer.Core;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Common;
using ConvTransfer.Tests.Pipelines;

namespace ConvTransfer.Tests.Cli;

/// <summary>A fine-tuning whose process is killed, asked to end, or refused by the disk: rows T01, T02, T04 to T07, T09, T21, T22 and T26 of the catalogue of faults.</summary>
public sealed class FinetuneDurabilityTests : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "convtransfer");
    private readonly TemporaryFolder _folder = new();
    private readonly PictureFolder _pictures = new(perClass: 4, classes: 2);

    public FinetuneDurabilityTests()
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Relu(net.Convolution(net.Input("pixels", 3, 24, 24), filters: 6, kernel: 5, stride: 2));
        x = net.Relu(net.Convolution(x, filters: 8, kernel: 3));
        OnnxFile.Write(net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 3)), _folder.Path("network.onnx"));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _pictures.Dispose();
    }

    [Fact]
    public void KilledAtRandomMomentsItEndsWithTheBytesOfOneThatNeverStopped()
    {
        // How long a process takes before its first checkpoint depends on what else the machine does: moments are parts of a whole run.
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, Finished(Start("whole", 150)).ExitCode);
        int whole = (int)clock.ElapsedMilliseconds;
        var random = new CounterRandom(11);
        int killed = 0, resumable = 0;
        for (int round = 0; round < 8; round++)
        {
            using var process = Start("parts", 150, "--resume", "--checkpoint-every", "3");
            if (!process.WaitForExit((whole / 4) + random.Next(whole / 2)))
            {
                process.Kill();
                killed++;
            }
            process.WaitForExit();
            if (File.Exists(_folder.Path("parts/figures.json"))) break;
            if (Checkpoints("parts").Any()) resumable++;
        }
        Assert.True(killed > 0 && resumable > 0, $"{killed} killed, {resumable} of them with a checkpoint");
        if (!File.Exists(_folder.Path("parts/figures.json"))) Assert.Equal(0, Finished(Start("parts", 150, "--resume", "--force")).ExitCode);
        foreach (string file in Directory.GetFiles(_folder.Path("whole"))) Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(_folder.Path($"parts/{Path.GetFileName(file)}")));
        Assert.False(Directory.Exists(_folder.Path("parts/checkpoints")));
    }

    [Fact]
    public void ASignalSavesACheckpointAndIsTheExitCode()
    {
        (string Signal, int Code)[] signals = [("HUP", 129), ("INT", 130), ("TERM", 143)];
        var started = Array.ConvertAll(signals, s => Start(s.Signal, 100000, "--checkpoint-every", "1000000"));
        for (int i = 0; i < signals.Length; i++)
        {
            // The lock is there once the training runs.
            var patience = Stopwatch.StartNew();
            while (!File.Exists(_folder.Path($"{signals[i].Signal}/checkpoints/held-out/checkpoints.lock")) && patience.Elapsed < TimeSpan.FromMinutes(1)) Thread.Sleep(20);
            Thread.Sleep(200);
            Signal(started[i], signals[i].Signal);
            var (exit, error) = Finished(started[i]);
            Assert.Equal(signals[i].Code, exit);
            Assert.Contains("--resume goes on", error, StringComparison.Ordinal);
            Assert.Single(Checkpoints(signals[i].Signal));
        }
    }

    // Both signals wait while the process is stopped, so that the second is there long before the checkpoint of 75 MB is saved that the first one asks for.
    [Fact]
    public void ASecondSignalEndsItAtOnceAndHarmsNothing()
    {
        var net = new NetworkBuilder("wide", seed: 2);
        string x = net.GlobalAveragePool(net.Relu(net.Convolution(net.Input("pixels", 3, 24, 24), filters: 8, kernel: 5, stride: 2)));
        x = net.Relu(net.Convolution(net.Relu(net.Convolution(x, filters: 2500, kernel: 1)), filters: 2500, kernel: 1));
        OnnxFile.Write(net.Build(net.Dense(net.Flatten(x), units: 3)), _folder.Path("network.onnx"));
        Assert.Equal(0, Finished(Start("whole", 2)).ExitCode);
        using (var process = Start("twice", 2, "--checkpoint-every", "1"))
        {
            var patience = Stopwatch.StartNew();
            while (!Checkpoints("twice").Any() && patience.Elapsed < TimeSpan.FromMinutes(1)) Thread.Sleep(5);
            foreach (string signal in (string[])["STOP", "TERM", "HUP", "CONT"]) Signal(process, signal);
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.Contains(process.ExitCode, new[] { 129, 143 });
            Assert.DoesNotContain("--resume goes on", error, StringComparison.Ordinal);
        }
        AssertGoesOn(Start("twice", 2, "--resume"));
        foreach (string file in Directory.GetFiles(_folder.Path("whole"))) Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(_folder.Path($"twice/{Path.GetFileName(file)}")));
    }

    // T16. What is measured on the features before the training, the scale of the head's input, has other last bits there: that once was "another network", and no resume.
    [Fact]
    public void OnAProcessorWithOtherInstructionsItGoesOnWithAWarning()
    {
        using (var process = Start("moved", 150, "--checkpoint-every", "3"))
        {
            var patience = Stopwatch.StartNew();
            while (!Checkpoints("moved").Any() && patience.Elapsed < TimeSpan.FromMinutes(1)) Thread.Sleep(5);
            process.Kill();
            process.WaitForExit();
        }
        var start = new ProcessStartInfo(Program, [.. Arguments("moved", 150), "--resume"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_EnableAVX2"] = "0";
        var (exit, error) = Finished(Process.Start(start)!);
        Assert.True(exit == 0, error);
        Assert.Equal(Avx2.IsSupported, error.Contains("the checkpoint was written with other instructions", StringComparison.Ordinal));
    }

    // As after a clock that was set back: everything on the disk is of a day to come.
    [Fact]
    public void TheAgeOfFilesIsOfNoMatter()
    {
        Assert.Equal(0, Finished(Start("whole", 150)).ExitCode);
        using (var process = Start("parts", 150, "--checkpoint-every", "3"))
        {
            var patience = Stopwatch.StartNew();
            while (!Checkpoints("parts").Any() && patience.Elapsed < TimeSpan.FromMinutes(1)) Thread.Sleep(5);
            process.Kill();
            process.WaitForExit();
        }
        foreach (string file in (string[])[.. Directory.GetFiles(_folder.Root, "*", SearchOption.AllDirectories), .. Directory.GetFiles(_pictures.Path, "*", SearchOption.AllDirectories)]) File.SetLastWriteTimeUtc(file, new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        AssertGoesOn(Start("parts", 150, "--resume"));
        foreach (string file in Directory.GetFiles(_folder.Path("whole"))) Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(_folder.Path($"parts/{Path.GetFileName(file)}")));
    }

    // For root no file is read-only, so the calls themselves are looked at: none asks to write to what is only read.
    [StraceFact]
    public void ItWritesNowhereButToTheOutput()
    {
        string trace = _folder.Path("trace");
        // Where it is not there, it is tried first whether it can be made.
        Directory.CreateDirectory(_folder.Path("out"));
        var (exit, error) = Finished(Run(Strace.Program, ["-f", "-q", "-s", "500", "-e", "trace=open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,utimensat", "-o", trace, Program, .. Arguments("out", 2)]));
        Assert.True(exit == 0, error);
        string[] changing = [.. File.ReadLines(trace).Where(l => !l.Contains("openat(", StringComparison.Ordinal) || l.Contains("O_WRONLY", StringComparison.Ordinal) || l.Contains("O_RDWR", StringComparison.Ordinal) || l.Contains("O_CREAT", StringComparison.Ordinal))];
        string[] ofOurs = [.. changing.Where(l => l.Contains(_folder.Root, StringComparison.Ordinal) || l.Contains(_pictures.Path, StringComparison.Ordinal))];
        Assert.NotEmpty(ofOurs);
        Assert.All(ofOurs, l => Assert.Contains($"\"{_folder.Path("out")}", l, StringComparison.Ordinal));
    }

    [Fact]
    public void ACallThatIsRefusedLeavesTheCheckpoints()
    {
        using (var process = Start("kept", 100000))
        {
            var patience = Stopwatch.StartNew();
            while (!Checkpoints("kept").Any() && patience.Elapsed < TimeSpan.FromMinutes(1)) Thread.Sleep(20);
            process.Kill();
            process.WaitForExit();
        }
        string[] before = [.. Checkpoints("kept").Select(p => Path.GetFileName(p))];
        Assert.NotEmpty(before);
        Assert.Equal(1, Finished(Start("kept", 100000)).ExitCode);
        Assert.Equal(2, Finished(Start("kept", 100000, "--force", "--freeze-until", "nosuch")).ExitCode);
        Assert.Equal(before, Checkpoints("kept").Select(p => Path.GetFileName(p)));
        // A call that is between two of its trainings has the folder all the same.
        using (new FineTuneCheckpoints(_folder.Path("kept/checkpoints")).Take())
        {
            foreach (string option in (string[])["--force", "--resume"])
            {
                var (exit, error) = Finished(Start("kept", 100000, option));
                Assert.Equal(1, exit);
                Assert.Contains("another run has this folder", error, StringComparison.Ordinal);
            }
        }
        Assert.Equal(before, Checkpoints("kept").Select(p => Path.GetFileName(p)));
    }

    // Every fault hits while checkpoints are written; the training goes on, says so, and its result is the same.
    [StraceTheory]
    [InlineData("fsync:error=EIO:when=3", "fsync failed")]
    [InlineData("fsync:error=EIO:when=2", "fsync of the folder failed")]
    [InlineData("rename:error=EXDEV:when=1", "rename failed")]
    [InlineData("rename:error=EACCES:when=2", "rename failed")]
    [InlineData("pwrite64:error=ENOSPC:when=2", "could not be saved")]
    public void ADiskThatRefusesACheckpointIsWarnedAbout(string fault, string said)
    {
        Assert.Equal(0, Finished(Start("whole", 3)).ExitCode);
        var (exit, error) = Finished(Traced("-e", $"inject={fault}", "faulty", 3));
        Assert.True(exit == 0, error);
        Assert.Contains("the checkpoint could not be saved, the training goes on", error, StringComparison.Ordinal);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.Contains("1 checkpoints of this training could not be saved", error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(_folder.Path("whole/network.onnx")), File.ReadAllBytes(_folder.Path("faulty/network.onnx")));
    }

    // The second checkpoint of the training for the figures: killed before it has its name, or while it is written.
    [StraceTheory]
    [InlineData("rename:signal=KILL:when=2")]
    [InlineData("pwrite64:signal=KILL:when=2")]
    [InlineData("fsync:signal=KILL:when=4")]
    public void KilledInsideASaveItGoesOnFromTheOneBefore(string fault)
    {
        Assert.Equal(0, Finished(Start("whole", 3)).ExitCode);
        Assert.NotEqual(0, Finished(Traced("-e", $"inject={fault}", "faulty", 3)).ExitCode);
        Assert.NotEmpty(Checkpoints("faulty"));
        var (exit, error) = Finished(Start("faulty", 3, "--resume"));
        Assert.True(exit == 0, error);
        Assert.Equal(File.ReadAllBytes(_folder.Path("whole/network.onnx")), File.ReadAllBytes(_folder.Path("faulty/network.onnx")));
        Assert.Equal(["figures.json", "model.onnx", "network.onnx"], Directory.EnumerateFileSystemEntries(_folder.Path("faulty")).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("LANG", "de_DE.UTF-8")]
    [InlineData("LANG", "tr_TR.UTF-8")]
    [InlineData("TZ", "Pacific/Kiritimati")]
    [InlineData("HOME", "/nonexistent")]
    [InlineData("TMPDIR", "/nonexistent")]
    public void TheSurroundingsChangeNoByte(string variable, string value)
    {
        Assert.Equal(0, Finished(Start("whole", 2, "--head-rate", "0.0125")).ExitCode);
        var start = new ProcessStartInfo(Program, [.. Arguments("other", 2), "--head-rate", "0.0125"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment[variable] = value;
        start.Environment["LC_ALL"] = variable == "LANG" ? value : "";
        var (exit, error) = Finished(Process.Start(start)!);
        Assert.True(exit == 0, error);
        foreach (string file in Directory.GetFiles(_folder.Path("whole"))) Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(_folder.Path($"other/{Path.GetFileName(file)}")));
    }

    [StraceFact]
    public void ADiskThatRefusesTheResultIsAFailure()
    {
        var (exit, error) = Finished(Traced("-e", "inject=rename:error=EACCES", "faulty", 2));
        Assert.Equal(1, exit);
        Assert.Contains("model.onnx", error, StringComparison.Ordinal);
        Assert.Equal(["checkpoints"], Directory.EnumerateFileSystemEntries(_folder.Path("faulty")).Select(p => Path.GetFileName(p)!));
    }

    [StraceFact]
    public void ACheckpointIsWrittenSyncedRenamedAndItsFolderSynced()
    {
        string trace = _folder.Path("trace");
        Assert.Equal(0, Finished(Traced("-o", trace, "traced", 1)).ExitCode);
        // Of each line the call's name stands behind the number of the thread.
        string[] calls = [.. File.ReadLines(trace).Select(l => l[(l.IndexOf(' ') + 1)..].Trim().Split('(')[0]).Where(c => c is "pwrite64" or "fsync" or "rename")];
        int rename = Array.IndexOf(calls, "rename");
        Assert.Equal("fsync", calls[rename - 1]);
        Assert.Equal("pwrite64", calls[rename - 2]);
        Assert.Equal("fsync", calls[rename + 1]);
    }

    private IEnumerable<string> Checkpoints(string output) => Directory.Exists(_folder.Path($"{output}/checkpoints")) ? Directory.EnumerateFiles(_folder.Path($"{output}/checkpoints"), "checkpoint-*", SearchOption.AllDirectories) : [];

    private string[] Arguments(string output, int epochs) =>
        ["finetune", "--model", _folder.Path("network.onnx"), "--images", _pictures.Path, "--recipe", "keras-tf:24", "--batch", "4", "--epochs", $"{epochs}", "--threads", "1", "--output", _folder.Path(output)];

    // What runs the tests may have been told to ignore interrupts, as shells tell what they put into the background: a process of its own is not.
    private Process Start(string output, int epochs, params string[] more) => Run("env", ["--default-signal", Program, .. Arguments(output, epochs), .. more]);

    private Process Traced(string option, string value, string output, int epochs) =>
        Run(Strace.Program, ["-f", "-q", "-e", "trace=pwrite64,fsync,rename", .. option == "-o" ? (string[])["-o", value] : ["-o", "/dev/null", option, value], Program, .. Arguments(output, epochs)]);

    private static Process Run(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;

    private static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    // One that starts anew ends with the same bytes.
    private static void AssertGoesOn(Process process)
    {
        var (exit, error) = Finished(process);
        Assert.True(exit == 0, error);
        Assert.DoesNotContain("starts from the beginning", error, StringComparison.Ordinal);
    }

    private static (int ExitCode, string Error) Finished(Process process)
    {
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            string error = process.StandardError.ReadToEnd();
            output.Wait();
            process.WaitForExit();
            return (process.ExitCode, error);
        }
    }
}
