using System.Runtime.InteropServices;
using System.Text;
using ConvTransfer.Core;

namespace ConvTransfer.Cli.Shell;

/// <summary>The process around the command line: standard streams, signals, exit code.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        int signalled = 0;
        void OnSignal(PosixSignalContext context)
        {
            int code = context.Signal switch { PosixSignal.SIGHUP => 129, PosixSignal.SIGINT => 130, _ => 143 };
            // The first signal asks the work to end, which it does within one step; a second one ends the process at once.
            if (Interlocked.CompareExchange(ref signalled, code, 0) != 0) return;
            context.Cancel = true;
            cancellation.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        // Not disposed: what could not be written is not written again on the way out.
        var output = new StreamWriter(StandardStream.OpenOutput(), utf8, 1 << 14);
        var error = new StreamWriter(StandardStream.OpenError(), utf8) { AutoFlush = true };
        try
        {
            int code = CommandLine.Run(args, output, error, showProgress: !Console.IsErrorRedirected, cancellation.Token);
            return Volatile.Read(ref signalled) is var signal and not 0 ? signal : code;
        }
        catch (ReaderGoneException)
        {
            return ExitCode.ReaderGone;
        }
        catch (IOException e)
        {
            TrySay(error, e.Message);
            return ExitCode.Failed;
        }
    }

    // Where standard error is gone too there is nobody left to tell.
    private static void TrySay(TextWriter error, string message)
    {
        try
        {
            error.WriteLine($"error: {DisplayText.Escape(message, 500)}");
        }
        catch (IOException)
        {
        }
    }
}
