using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Benchmarks;

/// <summary>The verb "layers": the rate of single convolutions of well-known networks on one thread, with bias and rectifier. The result is held against the double reference first.</summary>
internal static unsafe class LayerRates
{
    private sealed record Layer(string Name, int Channels, int Filters, int Size, int Kernel, int Stride = 1, int Pad = 0, int Groups = 1);

    private static readonly Layer[] Layers =
    [
        new("ResNet first 7x7 s2 3-64 @224", 3, 64, 224, 7, 2, 3),
        new("SqueezeNet first 3x3 s2 3-64 @224", 3, 64, 224, 3, 2),
        new("1x1 64-64 @56", 64, 64, 56, 1),
        new("1x1 64-256 @56", 64, 256, 56, 1),
        new("1x1 256-64 @56", 256, 64, 56, 1),
        new("3x3 64-64 @56", 64, 64, 56, 3, 1, 1),
        new("1x1 128-512 @28", 128, 512, 28, 1),
        new("1x1 512-128 @28", 512, 128, 28, 1),
        new("3x3 128-128 @28", 128, 128, 28, 3, 1, 1),
        new("1x1 256-1024 @14", 256, 1024, 14, 1),
        new("1x1 1024-256 @14", 1024, 256, 14, 1),
        new("3x3 256-256 @14", 256, 256, 14, 3, 1, 1),
        new("1x1 512-2048 @7", 512, 2048, 7, 1),
        new("1x1 2048-512 @7", 2048, 512, 7, 1),
        new("3x3 512-512 @7", 512, 512, 7, 3, 1, 1),
        new("1x1 s2 256-512 @56", 256, 512, 56, 1, 2),
        new("3x3 s2 128-128 @56", 128, 128, 56, 3, 2, 1),
        new("squeeze 1x1 128-16 @55", 128, 16, 55, 1),
        new("expand 1x1 16-64 @55", 16, 64, 55, 1),
        new("expand 3x3 16-64 @55", 16, 64, 55, 3, 1, 1),
        new("expand 3x3 32-128 @27", 32, 128, 27, 3, 1, 1),
        new("expand 3x3 64-256 @13", 64, 256, 13, 3, 1, 1),
        new("squeeze 1x1 512-64 @13", 512, 64, 13, 1),
        new("expand 1x1 64-256 @13", 64, 256, 13, 1),
        new("depthwise 3x3 144 @56", 144, 144, 56, 3, 1, 1, 144),
        new("depthwise 3x3 960 @7", 960, 960, 7, 3, 1, 1, 960),
    ];

    public static void Run(TextWriter to)
    {
        to.WriteLine("layer,microseconds,GF/s");
        using var crew = new Crew(1);
        foreach (var layer in Layers) Measure(layer, crew, to);
    }

    private static void Measure(Layer layer, Crew crew, TextWriter to)
    {
        int output = (int)WindowAxis.OutputLength(layer.Size, layer.Kernel, layer.Stride, layer.Pad, layer.Pad);
        var axis = new WindowAxis(layer.Size, layer.Kernel, layer.Stride, 1, layer.Pad, layer.Pad, output);
        var g = new ConvolutionGeometry(1, layer.Channels, layer.Filters, layer.Groups, [axis, axis]);
        var convolution = F32Convolution.Create(g, new RowEpilogue(new Epilogue(EpilogueStage.Relu)), VectorWidths.Best);
        using Tensor x = Random(1, (long)g.Channels * g.InputPlane), w = Random(2, (long)g.Filters * g.SumLength), b = Random(3, g.Filters);
        using Tensor y = Random(4, (long)g.Filters * g.OutputPlane);
        using var packed = convolution.Pack((float*)w.Pointer);
        using var scratch = new AlignedMemory(convolution.ScratchBytes(1, packed: true));
        var operands = new ConvolutionOperands { X = (float*)x.Pointer, Bias = (float*)b.Pointer, Y = (float*)y.Pointer, Scratch = scratch.Pointer };
        double flops = 2.0 * g.SumLength * y.ElementCount;
        int calls = Math.Max(1, (int)(2e8 / flops));
        var times = new List<double>();
        for (int repeat = 0; repeat < 15; repeat++)
        {
            double start = ThreadTime.Seconds;
            for (int i = 0; i < calls; i++) convolution.Run(operands, packed, crew);
            times.Add((ThreadTime.Seconds - start) / calls);
        }
        Check(g, x, w, b, y, layer.Name);
        double median = times.Skip(3).Order().ElementAt(6);
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{layer.Name},{median * 1e6:F1},{flops / median / 1e9:F1}"));
    }

    // One filter of the result against the definition.
    private static void Check(ConvolutionGeometry g, Tensor x, Tensor w, Tensor b, Tensor y, string name)
    {
        int filters = g.FiltersPerGroup == g.Filters ? 1 : g.Filters;
        var one = new ConvolutionGeometry(1, g.Channels, filters, g.Groups, g.Axes);
        using var expected = Tensor.Uninitialized(ElementType.Float32, new Shape((long)filters * g.OutputPlane));
        using var scratch = new AlignedMemory(ReferenceConvolution.ScratchBytes(one));
        ReferenceConvolution.Run(one, (float*)x.Pointer, (float*)w.Pointer, (float*)b.Pointer, (float*)expected.Pointer, scratch.Pointer);
        var actual = y.AsSpan<float>();
        var wanted = expected.AsSpan<float>();
        for (int i = 0; i < wanted.Length; i++)
            if (!(Math.Abs(Math.Max(0, wanted[i]) - actual[i]) <= 1e-3)) throw new InvalidOperationException($"{name}: [{i}] is {actual[i]}, expected {Math.Max(0, wanted[i])}");
    }

    private static Tensor Random(int seed, long count)
    {
        var random = new CounterRandom(seed);
        var tensor = Tensor.Uninitialized(ElementType.Float32, new Shape(count));
        foreach (ref float value in tensor.AsSpan<float>()) value = (float)random.NextNormal();
        return tensor;
    }
}
