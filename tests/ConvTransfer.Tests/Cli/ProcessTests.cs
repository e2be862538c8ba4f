using System.Diagnostics;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Tests.Common;
using ConvTransfer.Tests.Runtime;

namespace ConvTransfer.Tests.Cli;

/// <summary>The program as a process: rows C05, C06 and C07 of the catalogue of bad input.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ProcessTests()
    {
        OnnxFile.Write(SmallNetworks.ConvolutionAsClassifier, _folder.Path("a.onnx"));
        OnnxFile.Write(SmallNetworks.DenseBehindReshape, _folder.Path("b.onnx"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("$0 diff a.onnx b.onnx > out", 1, "")]
    [InlineData("$0 diff a.onnx a.onnx > out", 0, "")]
    [InlineData("$0 frob > out", 2, "error: ")]
    [InlineData("$0 diff a.onnx b.onnx > /dev/full", 1, "No space left")]
    [InlineData("$0 diff a.onnx b.onnx >&-", 1, "")]
    [InlineData("$0 diff a.onnx not-there.onnx 2>&-", 1, "")]
    [InlineData("$0 diff a.onnx not-there.onnx 2> /dev/full", 1, "")]
    [InlineData("{ sleep 0.2; $0 diff a.onnx b.onnx; echo $? > code; } | true; exit $(cat code)", 141, "")]
    public void TheExitCodeSaysWhatBecameOfTheOutput(string script, int code, string words)
    {
        var (exit, error) = Shell(script);
        Assert.Equal(code, exit);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ASignalEndsTheWorkAndIsTheExitCode()
    {
        // The three run side by side; each is asked to end while it measures, which would take it many minutes. Signals that the tests themselves were told to ignore are not.
        (string Signal, int Code)[] signals = [("HUP", 129), ("INT", 130), ("TERM", 143)];
        string program = Path.Combine(AppContext.BaseDirectory, "convtransfer");
        var net = new NetworkBuilder("slow", seed: 1);
        OnnxFile.Write(net.Build(net.Convolution(net.Input("image", 3, 224, 224), filters: 64, kernel: 3)), _folder.Path("slow.onnx"));
        var started = Array.ConvertAll(signals, _ => Process.Start(new ProcessStartInfo("env") { ArgumentList = { "--default-signal", program, "bench", _folder.Path("slow.onnx"), "--runs", "1000000", "--threads", "1" }, RedirectStandardError = true, RedirectStandardOutput = true })!);
        Thread.Sleep(1500);
        for (int i = 0; i < signals.Length; i++) Assert.Equal(0, Shell($"kill -{signals[i].Signal} {started[i].Id}").ExitCode);
        for (int i = 0; i < signals.Length; i++)
        {
            started[i].WaitForExit();
            Assert.Equal(signals[i].Code, started[i].ExitCode);
            started[i].Dispose();
        }
        Assert.Equal(["a.onnx", "b.onnx", "slow.onnx"], _folder.Names());
    }

    private (int ExitCode, string Error) Shell(string script)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "convtransfer");
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", script, program }, WorkingDirectory = _folder.Root, RedirectStandardError = true, RedirectStandardOutput = true })!;
        shell.StandardOutput.Close();
        string error = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        return (shell.ExitCode, error);
    }
}
