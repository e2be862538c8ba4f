using System.Diagnostics;
using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Benchmarks;

/// <summary>The verb "gradients": the rates of convolutions, of their gradients by the input and of those by the weights, for the layers of a network at batch 16 and 224 x 224 pixels.</summary>
internal static unsafe class GradientRates
{
    private const int Batch = 16, Repeats = 7;

    private sealed record Layer(int Channels, int Filters, int Size, int Kernel, int Stride = 1, int Pad = 0, int Groups = 1)
    {
        public override string ToString() => $"{Kernel}x{Kernel}{(Stride == 1 ? "" : $"/{Stride}")} {Channels}-{Filters}{(Groups == 1 ? "" : " depthwise")} @{Size}";
    }

    private static readonly Dictionary<string, Layer[]> Networks = new()
    {
        ["resnet18"] =
        [
            new(3, 64, 224, 7, 2, 3), new(64, 64, 56, 3, 1, 1), new(64, 128, 56, 3, 2, 1), new(64, 128, 56, 1, 2), new(128, 128, 28, 3, 1, 1), new(128, 256, 28, 3, 2, 1),
            new(128, 256, 28, 1, 2), new(256, 256, 14, 3, 1, 1), new(256, 512, 14, 3, 2, 1), new(256, 512, 14, 1, 2), new(512, 512, 7, 3, 1, 1),
        ],
        ["squeezenet1.0"] =
        [
            new(3, 96, 224, 7, 2), new(96, 16, 54, 1), new(16, 64, 54, 1), new(16, 64, 54, 3, 1, 1), new(128, 32, 54, 1), new(32, 128, 54, 1), new(32, 128, 54, 3, 1, 1), new(256, 48, 27, 1),
            new(48, 192, 27, 3, 1, 1), new(64, 256, 27, 3, 1, 1), new(512, 64, 13, 1), new(64, 256, 13, 3, 1, 1), new(512, 1000, 13, 1),
        ],
        ["squeezenet1.1"] =
        [
            new(3, 64, 224, 3, 2), new(64, 16, 55, 1), new(16, 64, 55, 1), new(16, 64, 55, 3, 1, 1), new(128, 32, 27, 1), new(32, 128, 27, 1), new(32, 128, 27, 3, 1, 1), new(256, 48, 13, 1),
            new(48, 192, 13, 3, 1, 1), new(64, 256, 13, 3, 1, 1), new(512, 64, 13, 1), new(512, 1000, 13, 1),
        ],
        ["mobilenetv2"] =
        [
            new(3, 32, 224, 3, 2, 1), new(32, 32, 112, 3, 1, 1, 32), new(32, 16, 112, 1), new(16, 96, 112, 1), new(96, 96, 112, 3, 2, 1, 96), new(96, 24, 56, 1), new(24, 144, 56, 1),
            new(144, 144, 56, 3, 1, 1, 144), new(144, 144, 56, 3, 2, 1, 144), new(192, 32, 28, 1), new(192, 192, 28, 3, 1, 1, 192), new(384, 64, 14, 1), new(384, 384, 14, 3, 1, 1, 384),
            new(576, 96, 14, 1), new(576, 576, 14, 3, 2, 1, 576), new(960, 160, 7, 1), new(960, 960, 7, 3, 1, 1, 960), new(320, 1280, 7, 1),
        ],
    };

    public static int Run(string network, int threads, TextWriter to)
    {
        if (!Networks.TryGetValue(network, out var layers))
        {
            Console.Error.WriteLine($"networks: {string.Join(", ", Networks.Keys)}");
            return 2;
        }
        to.WriteLine("layer,GFLOP,forward GF/s,dX GF/s,dW GF/s");
        using var crew = new Crew(threads);
        foreach (var layer in layers) Measure(layer, crew, to);
        return 0;
    }

    private static void Measure(Layer layer, Crew crew, TextWriter to)
    {
        int output = (int)WindowAxis.OutputLength(layer.Size, layer.Kernel, layer.Stride, layer.Pad, layer.Pad);
        var axis = new WindowAxis(layer.Size, layer.Kernel, layer.Stride, 1, layer.Pad, layer.Pad, output);
        var g = new ConvolutionGeometry(Batch, layer.Channels, layer.Filters, layer.Groups, [axis, axis]);
        var width = VectorWidths.Best;
        var forward = F32Convolution.Create(g, new RowEpilogue(null), width);
        var byInput = F32ConvolutionInputGradient.Create(g, width);
        var byWeights = F32ConvolutionWeightGradient.Create(g, width);
        using Tensor x = Random(1, (long)Batch * g.Channels * g.InputPlane), w = Random(2, (long)g.Filters * g.SumLength), y = Random(3, (long)Batch * g.Filters * g.OutputPlane);
        using var scratch = new AlignedMemory(new[] { forward.ScratchBytes(crew.Size, packed: false), byInput.ScratchBytes(crew.Size), byWeights.ScratchBytes(crew.Size) }.Max());
        float* px = (float*)x.Pointer, pw = (float*)w.Pointer, py = (float*)y.Pointer;
        double flops = 2.0 * g.SumLength * y.ElementCount;
        double dw = flops / Seconds(crew, () => byWeights.Run(px, py, pw, scratch.Pointer, crew)) / 1e9;
        double dx = flops / Seconds(crew, () => byInput.Run(py, pw, px, scratch.Pointer, crew)) / 1e9;
        double run = flops / Seconds(crew, () => forward.Run(new ConvolutionOperands { X = px, W = pw, Y = py, Scratch = scratch.Pointer }, null, crew)) / 1e9;
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{layer},{flops / 1e9:F3},{run:F1},{dx:F1},{dw:F1}"));
    }

    // The median of some runs after the first: processor time of one thread, or time by the clock of several.
    private static double Seconds(Crew crew, Action action)
    {
        action();
        var times = new double[Repeats];
        for (int i = 0; i < Repeats; i++)
        {
            double cpu = ThreadTime.Seconds;
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = crew.Size == 1 ? ThreadTime.Seconds - cpu : Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        return times.Order().ElementAt(Repeats / 2);
    }

    private static Tensor Random(int seed, long count)
    {
        var random = new CounterRandom(seed);
        var tensor = Tensor.Uninitialized(ElementType.Float32, new Shape(count));
        foreach (ref float value in tensor.AsSpan<float>()) value = (float)random.NextDouble() - 0.5f;
        return tensor;
    }
}
