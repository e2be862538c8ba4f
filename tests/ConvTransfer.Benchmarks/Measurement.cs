using System.Diagnostics;
using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace ConvTransfer.Benchmarks;

/// <summary>The verb "measure", run by "compare" in processes of their own: one engine, one network; prints milliseconds, a line for each run, and writes the first output.</summary>
internal static class Measurement
{
    private const int LeastWarmUps = 5;

    // Both engines are measured as they run in a service: compiled for good, memory and caches warm.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1.5);

    public static int Run(string engine, string file, int threads, int runs, string output)
    {
        var model = OnnxFile.Read(file);
        var input = model.Graph.RequiredInputs.First();
        var dims = ((TensorType)input.Type!).Dims!.Value.Select(d => d.IsKnown ? d.Value : 1).ToArray();
        float[] values = new float[dims.Aggregate(1L, (a, b) => a * b)];
        var random = new CounterRandom(7);
        for (int i = 0; i < values.Length; i++) values[i] = (float)random.NextNormal();
        byte[] result = engine == "ours" ? Ours(model, dims, values, threads, runs) : Theirs(file, input.Name, dims, values, threads, runs);
        File.WriteAllBytes(output, result);
        return 0;
    }

    private static byte[] Ours(Model model, long[] dims, float[] values, int threads, int runs)
    {
        using var planner = new Planner(model);
        using var session = planner.CreateSession(threads);
        using var x = Tensor.From<float>(new Shape(dims), values);
        var y = session.Run(x);
        try
        {
            Time(threads, runs, () => session.Run([x], y));
            return y[0].AsBytes().ToArray();
        }
        finally
        {
            foreach (var tensor in y) tensor.Dispose();
        }
    }

    private static byte[] Theirs(string file, string name, long[] dims, float[] values, int threads, int runs)
    {
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using var session = new InferenceSession(file, options);
        using var x = OrtValue.CreateTensorValueFromMemory(values, dims);
        using var run = new RunOptions();
        byte[] result = [];
        Time(threads, runs, () =>
        {
            using var y = session.Run(run, [name], [x], session.OutputNames.Take(1).ToArray());
            if (result.Length == 0) result = System.Runtime.InteropServices.MemoryMarshal.AsBytes(y[0].GetTensorDataAsSpan<float>()).ToArray();
        });
        return result;
    }

    private static void Time(int threads, int runs, Action action)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < LeastWarmUps || Stopwatch.GetElapsedTime(start) < WarmUp; i++) action();
        for (int i = 0; i < runs; i++)
        {
            double cpu = ThreadTime.Seconds;
            long wall = Stopwatch.GetTimestamp();
            action();
            double seconds = threads == 1 ? ThreadTime.Seconds - cpu : Stopwatch.GetElapsedTime(wall).TotalSeconds;
            Console.WriteLine((seconds * 1000).ToString("F4", CultureInfo.InvariantCulture));
        }
    }
}
