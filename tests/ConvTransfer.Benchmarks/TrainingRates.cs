using System.Globalization;
using ConvTransfer.Onnx;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Benchmarks;

/// <summary>
/// The verb "train": the time of a whole training step (forward, backward, optimiser) and the memory beside libtorch's, each side in a process of its own, the steps in turn.
/// Batch 16, 224 x 224, 10 classes, SGD with momentum, batch statistics. Wall time, medians; the ratio is libtorch's time over ours.
/// </summary>
internal static class TrainingRates
{
    private const int Batch = 16, Size = 224, WarmUp = 2;

    public static int Run(string[] args)
    {
        int[] threads = [1, 2];
        int steps = 9;
        bool isAlone = false;
        var names = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--threads") threads = [.. args[++i].Split(',').Select(t => int.Parse(t, CultureInfo.InvariantCulture))];
            else if (args[i] == "--steps") steps = int.Parse(args[++i], CultureInfo.InvariantCulture);
            else if (args[i] == "--alone") isAlone = true;
            else names.Add(args[i]);
        }
        // A part of the networks makes no record: it would take the place of the whole.
        bool isRecorded = names.Count == 0 && !isAlone;
        if (names.Count == 0) names.AddRange("resnet18", "mobilenetv2", "resnet18-stage4");
        string folder = Directory.CreateTempSubdirectory("train").FullName;
        try
        {
            var record = new List<string> { "network,threads,ours_ms_per_step,libtorch_ms_per_step,ratio,ours_peak_mb,libtorch_peak_mb,memory_ratio,measure,steps,load,idle_share" };
            Console.WriteLine("                             ms per picture                    peak MB");
            Console.WriteLine("network           threads    ours  libtorch  ratio     ours  libtorch  ours/libtorch  idle");
            foreach (string name in names)
                foreach (int count in threads) record.Add(Measure(name, count, steps, isAlone, folder));
            if (isRecorded) RecordFile.Write(record, "-train");
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Measure(string name, int threads, int steps, bool isAlone, string folder)
    {
        var network = TrainingNetwork.Named(name, Size);
        var task = new TrainingTask(Path.Combine(folder, name + ".onnx"), network.FrozenUntil, threads, Batch, Rate: 1e-3, Nesterov: false);
        OnnxFile.Write(network.Model, task.Model);
        using var theirs = isAlone ? null : Libtorch.Start(task);
        using var ours = TrainingSide.Ours(task);
        var (oursTimes, theirTimes) = (new List<double>(), new List<double>());
        for (int i = 0; i < WarmUp; i++) Both();
        oursTimes.Clear();
        theirTimes.Clear();
        var machine = MachineLoad.Sample();
        for (int i = 0; i < steps; i++) Both();
        double our = Median(oursTimes), their = Median(theirTimes), ourPeak = ours.PeakMegabytes(), theirPeak = theirs?.PeakMegabytes() ?? double.NaN;
        Console.WriteLine(TrainingTask.Invariant($"{name,-18}{threads,6}{our / Batch,9:F1}{their / Batch,10:F1}{their / our,7:F2}{ourPeak,9:F0}{theirPeak,10:F0}{ourPeak / theirPeak,15:F2}{machine.IdleShare,6:P0}"));
        return TrainingTask.Invariant($"{name},{threads},{our:F1},{their:F1},{their / our:F3},{ourPeak:F0},{theirPeak:F0},{ourPeak / theirPeak:F3},wall,{steps},{machine.Load:F2},{machine.IdleShare:F2}");

        void Both()
        {
            var (milliseconds, _, samples) = ours.Step("");
            oursTimes.Add(milliseconds);
            if (theirs is not null) theirTimes.Add(theirs.Step(samples).Milliseconds);
        }
    }

    private static double Median(List<double> values) => values.Count == 0 ? double.NaN : values.Order().ElementAt(values.Count / 2);
}
