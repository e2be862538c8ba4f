using System.Diagnostics;
using System.Globalization;
using ConvTransfer.Onnx;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Benchmarks;

/// <summary>
/// The verb "compare": our time against ONNX Runtime's, each engine in a process of its own, the processes alternating, batch 1. The results are compared first.
/// One thread is measured in processor time of the thread that calls, more threads in wall time; the medians over all runs of a side are divided.
/// </summary>
internal static class Compare
{
    private const int Rounds = 3;

    private sealed record Network(string Name, string File);

    public static int Run(string[] args)
    {
        int[] threads = [1, 2];
        int runs = 30;
        var files = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--threads") threads = [.. args[++i].Split(',').Select(t => int.Parse(t, CultureInfo.InvariantCulture))];
            else if (args[i] == "--runs") runs = int.Parse(args[++i], CultureInfo.InvariantCulture);
            else files.Add(args[i]);
        }
        string folder = Directory.CreateTempSubdirectory("compare").FullName;
        try
        {
            var record = new List<string> { "network,threads,ours_ms,onnxruntime_ms,ratio,measure,load,idle_share,largest_difference" };
            Console.WriteLine("network           threads   ours ms    ORT ms   ratio  idle  largest difference");
            foreach (var network in files.Count > 0 ? [.. files.Select(f => new Network(Path.GetFileNameWithoutExtension(f), f))] : Standard(folder))
                foreach (int count in threads) record.Add(Measure(network, count, runs, folder));
            RecordFile.Write(record);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Network[] Standard(string folder)
    {
        string resnet = Path.Combine(folder, "resnet50.onnx");
        OnnxFile.Write(RandomNetwork.Fill(SharedMaterial.Path("conformance", "light", "light_resnet50.onnx"), seed: 1), resnet);
        return [new("squeezenet", SharedMaterial.Path("models", "squeezenet", "model.onnx")), new("resnet50-random", resnet)];
    }

    private static string Measure(Network network, int threads, int runs, string folder)
    {
        var machine = MachineLoad.Sample();
        var times = new Dictionary<string, List<double>> { ["ours"] = [], ["onnxruntime"] = [] };
        var results = new Dictionary<string, float[]>();
        for (int round = 0; round < Rounds; round++)
        {
            foreach (string engine in times.Keys)
            {
                string output = Path.Combine(folder, engine + ".bin");
                times[engine].AddRange(Child(engine, network.File, threads, runs, output));
                results[engine] = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(output)).ToArray();
            }
        }
        double difference = Difference(results["ours"], results["onnxruntime"], network.Name);
        double ours = Median(times["ours"]), other = Median(times["onnxruntime"]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{network.Name,-18}{threads,6}{ours,10:F2}{other,10:F2}{ours / other,8:F2}{machine.IdleShare,6:P0}  {difference:E1}"));
        return string.Create(CultureInfo.InvariantCulture, $"{network.Name},{threads},{ours:F3},{other:F3},{ours / other:F3},{(threads == 1 ? "cpu" : "wall")},{machine.Load:F2},{machine.IdleShare:F2},{difference:E2}");
    }

    // The largest difference, measured by the largest result.
    private static double Difference(float[] ours, float[] theirs, string network)
    {
        if (ours.Length != theirs.Length) throw new InvalidOperationException($"{network}: {ours.Length} results against {theirs.Length}");
        double largest = theirs.Max(v => Math.Abs((double)v)), difference = ours.Zip(theirs, (a, b) => Math.Abs((double)a - b)).Max() / largest;
        return difference <= 1e-3 ? difference : throw new InvalidOperationException($"{network}: the results differ by {difference} of the largest");
    }

    private static double[] Child(string engine, string file, int threads, int runs, string output)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(Compare).Assembly.Location);
        foreach (string argument in new[] { "measure", engine, file, threads.ToString(CultureInfo.InvariantCulture), runs.ToString(CultureInfo.InvariantCulture), output }) start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        string text = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode != 0) throw new InvalidOperationException($"measuring {engine} on {file} ended with {child.ExitCode}");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => double.Parse(line, CultureInfo.InvariantCulture))];
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
