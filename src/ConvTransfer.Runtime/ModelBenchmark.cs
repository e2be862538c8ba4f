using System.Diagnostics;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>How long a model takes.</summary>
/// <param name="MedianMilliseconds">Milliseconds per image, the median of the runs.</param>
/// <param name="MinMilliseconds">Milliseconds per image of the fastest run.</param>
/// <param name="Batch">Images in a run.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Runs">Runs that were measured.</param>
public sealed record ModelBenchmark(double MedianMilliseconds, double MinMilliseconds, long Batch, int Threads, int Runs)
{
    private const int WarmUp = 2;

    /// <summary>Measures a model on seeded random inputs, after two runs that are not counted.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Images in a run, for models whose inputs leave axis 0 open; null takes the declared length, or 1 where it is open.</param>
    /// <param name="threads">The number of threads; 0 for one per processor.</param>
    /// <param name="runs">Runs to measure.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <param name="progress">Told after every run, or null.</param>
    /// <param name="cancellationToken">Stops within one step.</param>
    /// <exception cref="ConvTransferException">The model cannot be run, or lengths other than the batch are not declared.</exception>
    public static ModelBenchmark Run(Model model, int? batch = null, int threads = 0, int runs = 20, Limits? limits = null, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(runs);
        using var planner = new Planner(model, limits: limits);
        using var session = planner.CreateSession(threads);
        var inputs = new Tensor[planner.Inputs.Count];
        Tensor[] outputs = [];
        try
        {
            for (int i = 0; i < inputs.Length; i++) inputs[i] = RandomInput(planner.Inputs[i], batch, model.File, i);
            outputs = session.Run(inputs, cancellationToken);
            double[] times = new double[runs];
            long start = Stopwatch.GetTimestamp();
            for (int i = 1 - WarmUp; i < runs; i++)
            {
                long before = Stopwatch.GetTimestamp();
                session.Run(inputs, outputs, cancellationToken);
                if (i >= 0) times[i] = Stopwatch.GetElapsedTime(before).TotalMilliseconds;
                progress?.Report(new ProgressReport("bench", Math.Max(0, i + 1), runs, "runs", Stopwatch.GetElapsedTime(start)));
            }
            Array.Sort(times);
            long images = Math.Max(1, inputs.Length > 0 && inputs[0].Shape.Rank > 0 ? inputs[0].Shape[0] : 1);
            double median = runs % 2 == 1 ? times[runs / 2] : (times[(runs / 2) - 1] + times[runs / 2]) / 2;
            return new ModelBenchmark(median / images, times[0] / images, images, session.Threads, runs);
        }
        finally
        {
            foreach (var tensor in inputs.Concat(outputs)) tensor?.Dispose();
        }
    }

    private static Tensor RandomInput(ValueInfo input, int? batch, string? file, int index)
    {
        string name = DisplayText.Escape(input.Name);
        if (input.Type is not TensorType { Dims: { } dims } type) throw new ConvTransferException(FailureCause.Unsupported, $"input '{name}' has no tensor type of known rank", file);
        long[] lengths = new long[dims.Count];
        for (int a = 0; a < lengths.Length; a++)
        {
            if (dims[a].IsKnown) lengths[a] = dims[a].Value;
            else if (a == 0) lengths[a] = batch ?? 1;
            else throw new ConvTransferException(FailureCause.DataInvalid, $"input '{name}' is {type}: the length of axis {a} is not declared, so there is no size to measure", file);
        }
        if (batch is int wanted && lengths.Length > 0 && lengths[0] != wanted) throw new ConvTransferException(FailureCause.DataInvalid, $"input '{name}' is {type}: its batch is fixed and not {wanted}; 'convert --dynamic-batch' opens it", file);
        var tensor = new Tensor(type.ElementType, new Shape(lengths));
        RandomValues.Fill(tensor, seed: 1, purpose: index);
        return tensor;
    }
}
