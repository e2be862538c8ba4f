using System.Globalization;
using System.Runtime.InteropServices;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Benchmarks;

/// <summary>The verb "train-compare": the same network, start and batches on both sides; prints how far losses and weights lie from libtorch's after some steps. Ends with 1 when one lies further than 1e-3.</summary>
/// <remarks>
/// Rounding grows from step to step, the faster the higher the rate: a rectifier that is open on one side and closed on the other moves the weights in front of it differently.
/// How much of a difference is of that kind a third run tells, libtorch in float64 (--exact): both float32 runs then lie about as far from it as from one another.
/// </remarks>
internal static class TrainingDifferences
{
    private const double Bound = 1e-3;

    // What is compared when nothing is named.
    private static readonly (string Network, bool IsNesterov)[] Standard = [("squeezenet", false), ("squeezenet", true), ("resnet18", false), ("mobilenetv2", false)];

    public static int Run(string[] args)
    {
        int steps = 20, batch = 16, size = 224, threads = 2;
        double? rate = null;
        bool isNesterov = false, isExact = false;
        var names = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--steps") steps = int.Parse(args[++i], CultureInfo.InvariantCulture);
            else if (args[i] == "--batch") batch = int.Parse(args[++i], CultureInfo.InvariantCulture);
            else if (args[i] == "--size") size = int.Parse(args[++i], CultureInfo.InvariantCulture);
            else if (args[i] == "--threads") threads = int.Parse(args[++i], CultureInfo.InvariantCulture);
            else if (args[i] == "--rate") rate = double.Parse(args[++i], CultureInfo.InvariantCulture);
            else if (args[i] == "--nesterov") isNesterov = true;
            else if (args[i] == "--exact") isExact = true;
            else names.Add(args[i]);
        }
        var runs = names.Count == 0 ? Standard : [.. names.Select(n => (n, isNesterov))];
        string folder = Directory.CreateTempSubdirectory("train").FullName;
        try
        {
            Console.WriteLine(TrainingTask.Invariant($"{steps} steps, batch {batch}, {size} x {size}, SGD with momentum {TrainingTask.Momentum}; relative differences"));
            Console.WriteLine("network          rate            sides                 first loss  last loss   losses  weights  worst layer");
            bool isNear = true;
            foreach (var (name, isOfNesterov) in runs)
                isNear &= Compare(name, steps, size, isExact, new TrainingTask(Path.Combine(folder, name + ".onnx"), "", threads, batch, rate ?? Rate(name), isOfNesterov), folder);
            return isNear ? 0 : 1;
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

    // At these the loss moves within 20 steps, and rounding does not yet rule: from its random start MobileNetV2, 52 normalizations deep, has far greater gradients.
    private static double Rate(string network) => network == "mobilenetv2" ? 1e-5 : 1e-4;

    private static bool Compare(string name, int steps, int size, bool isExact, TrainingTask task, string folder)
    {
        var network = TrainingNetwork.Named(name, size);
        task = task with { FrozenUntil = network.FrozenUntil };
        OnnxFile.Write(network.Model, task.Model);
        var ours = new OneRun("ours", TrainingSide.Ours(task));
        var theirs = new OneRun("libtorch", Libtorch.Start(task));
        var runs = new List<OneRun> { ours, theirs };
        if (isExact) runs.Add(new OneRun("float64", Libtorch.Start(task with { IsDouble = true })));
        for (int i = 0; i < steps; i++)
        {
            string samples = "";
            foreach (var run in runs)
            {
                (_, double loss, samples) = run.Side.Step(samples);
                run.Losses.Add(loss);
            }
        }
        foreach (var run in runs)
        {
            string file = Path.Combine(folder, run.Name + ".onnx");
            run.Side.Write(file);
            run.Side.Dispose();
            run.End = OnnxFile.Read(file);
        }
        bool isNear = Print(name, task, ours, theirs);
        foreach (var exact in runs.Skip(2))
        {
            Print(name, task, ours, exact);
            Print(name, task, theirs, exact);
        }
        return isNear;
    }

    private static bool Print(string name, TrainingTask task, OneRun one, OneRun other)
    {
        double losses = one.Losses.Zip(other.Losses, (a, b) => Math.Abs(a - b) / Math.Abs(b)).Max();
        var (whole, worst, layer) = Weights(one.End!, other.End!);
        Console.WriteLine(TrainingTask.Invariant($"{name,-17}{$"{task.Rate}{(task.Nesterov ? " Nesterov" : "")}",-16}{one.Name + " to " + other.Name,-22}{one.Losses[0],10:F4}{one.Losses[^1],11:F4}{losses,9:0.0E+0}{whole,9:0.0E+0}{worst,9:0.0E+0} {layer}"));
        return losses <= Bound && whole <= Bound && worst <= Bound;
    }

    // The length of the difference of all weights over their length; and the layer whose largest difference is the largest part of its largest weight. Running statistics count as weights.
    // Within a layer, because shifts start at 0, and in front of another normalization their gradient is 0 but for rounding: they have no size of their own to measure by.
    private static (double Whole, double Worst, string Layer) Weights(Model one, Model other)
    {
        var byName = other.Graph.Initializers.ToDictionary(t => t.Name);
        double difference = 0, length = 0, worst = 0;
        string name = "";
        foreach (var layer in one.Graph.Initializers.GroupBy(t => t.Name.Split('.')[0]))
        {
            double furthest = 0, greatest = 0;
            foreach (var data in layer)
            {
                ReadOnlySpan<float> a = MemoryMarshal.Cast<byte, float>(data.Bytes.Span), b = MemoryMarshal.Cast<byte, float>(byName[data.Name].Bytes.Span);
                for (int i = 0; i < a.Length; i++)
                {
                    double apart = Math.Abs((double)a[i] - b[i]);
                    difference += apart * apart;
                    length += (double)b[i] * b[i];
                    furthest = Math.Max(furthest, apart);
                    greatest = Math.Max(greatest, Math.Abs((double)b[i]));
                }
            }
            if (furthest / greatest > worst) (worst, name) = (furthest / greatest, layer.Key);
        }
        return (Math.Sqrt(difference / length), worst, name);
    }

    private sealed record OneRun(string Name, TrainingSide Side)
    {
        public List<double> Losses { get; } = [];

        public Model? End { get; set; }
    }
}
