using System.Diagnostics;
using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Benchmarks;

/// <summary>Times whole training steps (forward, backward, optimiser) of networks that are built here: batch 16, 224 x 224, 10 classes, SGD with momentum, batch statistics.</summary>
internal static class TrainingRates
{
    private const int Batch = 16, Size = 224, Classes = 10, WarmUp = 2;

    /// <summary>Prints a line for each case: the median of the steps in milliseconds per picture, and the memory that was planned and that the process took at most.</summary>
    public static int Run(string network, int threads, int steps, TextWriter output)
    {
        var (model, freeze) = network switch
        {
            "resnet18" => (ResNet18(), null),
            "resnet18-stage4" => (ResNet18(), FreezeRule.Until(_stage3!)),
            "mobilenetv2" => (MobileNetV2(), null),
            _ => ((Model?)null, (FreezeRule?)null),
        };
        if (model is null)
        {
            Console.Error.WriteLine("networks: resnet18, resnet18-stage4, mobilenetv2");
            return 2;
        }
        var options = new FineTuneOptions { Epochs = 1, BatchSize = Batch, Optimizer = OptimizerKind.Sgd, HeadRate = 1e-3, BodyRate = 1e-3, WeightDecay = 1e-4, ClipNorm = 0, BatchNormalization = BatchNormalizationPolicy.Train, Schedule = LearningRateSchedule.Constant };
        using var trainer = new Trainer(model, freeze is null ? [] : [freeze], options, new TrainerOptions { Threads = threads });
        var times = new List<double>();
        long last = Stopwatch.GetTimestamp();
        var progress = new Steps(() =>
        {
            times.Add(Stopwatch.GetElapsedTime(last).TotalMilliseconds / Batch);
            last = Stopwatch.GetTimestamp();
        });
        trainer.Run(new RandomSamples(Batch * (WarmUp + steps)), null, progress);
        double[] counted = [.. times.Skip(WarmUp).Order()];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{network}, {threads} threads: {counted[counted.Length / 2]:0.0} ms per picture (median of {counted.Length} steps, least {counted[0]:0.0}), {trainer.TrainedCount / 1e6:0.00} M weights trained, peak {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:0} MB"));
        return 0;
    }

    private static string? _stage3;

    private static Model ResNet18()
    {
        var net = new NetworkBuilder("resnet18", seed: 1);
        string x = net.MaxPool(net.Relu(net.BatchNormalization(net.Convolution(net.Input("image", 3, Size, Size), 64, 7, stride: 2, padding: 3))), 3, 2, 1);
        int before = 64;
        foreach (int filters in new[] { 64, 128, 256, 512 })
        {
            for (int block = 0; block < 2; block++)
            {
                int stride = block == 0 && filters > 64 ? 2 : 1;
                string y = net.Relu(net.BatchNormalization(net.Convolution(x, filters, 3, stride, 1)));
                y = net.BatchNormalization(net.Convolution(y, filters, 3, 1, 1));
                string shortcut = stride == 1 && before == filters ? x : net.BatchNormalization(net.Convolution(x, filters, 1, stride));
                x = net.Relu(net.Sum(y, shortcut));
                before = filters;
            }
            if (filters == 256) _stage3 = x;
        }
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), Classes));
    }

    // As torchvision has it, with Relu for Relu6.
    private static Model MobileNetV2()
    {
        var net = new NetworkBuilder("mobilenetv2", seed: 1);
        string x = net.Relu(net.BatchNormalization(net.Convolution(net.Input("image", 3, Size, Size), 32, 3, stride: 2, padding: 1)));
        int channels = 32;
        foreach (var (expand, filters, repeat, first) in new[] { (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1) })
        {
            for (int i = 0; i < repeat; i++)
            {
                int stride = i == 0 ? first : 1, inner = channels * expand;
                string y = expand == 1 ? x : net.Relu(net.BatchNormalization(net.Convolution(x, inner, 1)));
                y = net.Relu(net.BatchNormalization(net.Convolution(y, inner, 3, stride, 1, groups: inner)));
                y = net.BatchNormalization(net.Convolution(y, filters, 1));
                x = stride == 1 && channels == filters ? net.Sum(y, x) : y;
                channels = filters;
            }
        }
        x = net.Relu(net.BatchNormalization(net.Convolution(x, 1280, 1)));
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), Classes));
    }

    /// <summary>Samples whose values were drawn before: what a cache gives, or pictures that are ready.</summary>
    private sealed class RandomSamples(int count) : ISampleSource
    {
        public int Count => count;

        public int Label(int index) => index % Classes;

        public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
        {
            var random = new CounterRandom(views[0].Index);
            foreach (var value in values)
            {
                var span = value.AsSpan<float>();
                // Drawing every number anew would take longer than the step.
                for (int i = 0; i < span.Length; i++) span[i] = i < 4096 ? (float)random.NextNormal() : span[i & 4095];
            }
        }
    }

    private sealed class Steps(Action step) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => step();
    }
}
