using System.Globalization;
using System.Runtime.InteropServices;
using ConvTransfer.Benchmarks.Torch;
using ConvTransfer.Tests.Common;
using TorchSharp;

const int NotLoaded = 3;
if (args.Length != TrainingTask.Arguments)
{
    Console.Error.WriteLine("started by the verbs \"train\" and \"train-compare\" of ConvTransfer.Benchmarks");
    return 2;
}
var task = TrainingTask.Parse(args);
try
{
    // First, because TorchSharp does not hand on what the system says, and copies half a gigabyte before it gives up.
    string native = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
    if (File.Exists(native)) NativeLibrary.Load(native);
    torch.set_num_threads(task.Threads);
}
catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or NotSupportedException)
{
    Console.Error.WriteLine(e.GetBaseException().Message);
    return NotLoaded;
}
var training = new TorchTraining(task);
TrainingTask.ForgetPeak();
Console.WriteLine("ready");
while (Console.ReadLine()?.Split(' ', 2) is { } command)
{
    switch (command[0])
    {
        case "step":
            Console.WriteLine(training.Step([.. command[1].Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))]));
            break;
        case "peak":
            Console.WriteLine(TrainingTask.Invariant($"{System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64}"));
            break;
        case "write":
            training.Write(command[1]);
            Console.WriteLine("written");
            break;
        default:
            Console.Error.WriteLine($"unknown command '{command[0]}'");
            return 2;
    }
}
return 0;
