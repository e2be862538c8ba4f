using System.Diagnostics;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Benchmarks;

/// <summary>
/// Our side of a training beside libtorch, in a process of its own: a <see cref="Trainer"/> whose source of samples waits for a command before each batch.
/// Commands are lines: "step" answers with milliseconds, loss and the numbers of the samples, "peak" with the most memory that the process had, "write FILE" ends.
/// </summary>
internal sealed class SteppedTraining : ISampleSource, IProgress<TrainingProgress>, IDisposable
{
    // Batches after which the samples come again, as in later epochs of a training.
    private const int Batches = 4;

    private readonly TrainingTask _task;
    private readonly CancellationTokenSource _end = new();
    private float[] _drawn = [];
    private float[][]? _cache;
    private string _samples = "";
    private string? _target;
    private long _start;

    private SteppedTraining(TrainingTask task) => _task = task;

    public int Count => Batches * _task.Batch;

    /// <summary>Runs until the input ends or the network has been written.</summary>
    public static int Run(TrainingTask task)
    {
        var options = new FineTuneOptions
        {
            Epochs = int.MaxValue / Batches,
            BatchSize = task.Batch,
            Optimizer = OptimizerKind.Sgd,
            Momentum = TrainingTask.Momentum,
            Nesterov = task.Nesterov,
            HeadRate = task.Rate,
            BodyRate = task.Rate,
            WeightDecay = TrainingTask.WeightDecay,
            ClipNorm = 0,
            BatchNormalization = BatchNormalizationPolicy.Train,
            Schedule = LearningRateSchedule.Constant,
        };
        using var stepped = new SteppedTraining(task);
        using var trainer = new Trainer(OnnxFile.Read(task.Model), task.FrozenUntil.Length == 0 ? [] : [FreezeRule.Until(task.FrozenUntil)], options, new TrainerOptions { Threads = task.Threads });
        if (trainer.First is not null) stepped.Fill(trainer);
        TrainingTask.ForgetPeak();
        Console.WriteLine("ready");
        var result = trainer.Run(stepped, null, stepped, stepped._end.Token);
        if (stepped._target is null) return 0;
        OnnxFile.Write(result.Network, stepped._target);
        Console.WriteLine("written");
        return 0;
    }

    public void Dispose() => _end.Dispose();

    public int Label(int index) => TrainingTask.Label(index);

    public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
    {
        Await();
        cancellationToken.ThrowIfCancellationRequested();
        int[] numbers = new int[views.Length];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = views[i].Index;
        _samples = string.Join(',', numbers);
        var target = values[0].AsSpan<float>();
        if (_cache is null)
        {
            if (_drawn.Length == 0) _drawn = new float[target.Length];
            TrainingTask.Draw(numbers, (int)values[0].Shape[1], _drawn);
        }
        _start = Stopwatch.GetTimestamp();
        if (_cache is null) _drawn.CopyTo(target);
        else for (int i = 0; i < numbers.Length; i++) _cache[numbers[i]].CopyTo(target[(i * _cache[0].Length)..]);
    }

    public void Report(TrainingProgress value) =>
        Console.WriteLine(TrainingTask.Invariant($"{Stopwatch.GetElapsedTime(_start).TotalMilliseconds:R} {value.Loss:R} {_samples}"));

    // Answers until a step is asked for or the training shall end.
    private void Await()
    {
        while (true)
        {
            switch (Console.ReadLine()?.Split(' ', 2))
            {
                case ["step", ..]:
                    return;
                case ["peak"]:
                    Console.WriteLine(TrainingTask.Invariant($"{Process.GetCurrentProcess().PeakWorkingSet64}"));
                    break;
                case ["write", var path]:
                    _target = path;
                    _end.Cancel();
                    return;
                default:
                    _end.Cancel();
                    return;
            }
        }
    }

    // The values behind the frozen layers, as a cache gives them from the second epoch on.
    private void Fill(Trainer trainer)
    {
        _cache = new float[Count][];
        using var planner = new Planner(trainer.First!);
        using var session = planner.CreateSession(_task.Threads);
        var image = (TensorType)trainer.First!.Graph.RequiredInputs.Single().Type!;
        using var x = new Tensor(ElementType.Float32, new Shape([1, .. image.Dims!.Value.Skip(1).Select(d => d.Value)]));
        for (int i = 0; i < Count; i++)
        {
            TrainingTask.Draw([i], (int)x.Shape[1], x.AsSpan<float>());
            var y = session.Run(x);
            _cache[i] = y[0].AsSpan<float>().ToArray();
            foreach (var tensor in y) tensor.Dispose();
        }
    }
}
