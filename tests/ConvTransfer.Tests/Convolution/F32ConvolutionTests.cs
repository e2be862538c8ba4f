using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Tests.Simd;

namespace ConvTransfer.Tests.Convolution;

/// <summary>The fast convolutions against the double reference, on every vector width, with NaN around every buffer.</summary>
public sealed unsafe class F32ConvolutionTests
{
    internal sealed record Case(string Name, int Batch, int Channels, int Filters, int Groups, WindowAxis[] Axes)
    {
        public ConvolutionGeometry Geometry(int? batch = null) => new(batch ?? Batch, Channels, Filters, Groups, Axes);
    }

    internal static WindowAxis Axis(int input, int kernel, int stride = 1, int dilation = 1, int begin = 0, int end = 0) =>
        new(input, kernel, stride, dilation, begin, end, (int)WindowAxis.OutputLength(input, WindowAxis.Span(kernel, dilation), stride, begin, end));

    private static WindowAxis[] Square(int input, int kernel, int stride = 1, int pad = 0, int dilation = 1) => [Axis(input, kernel, stride, dilation, pad, pad), Axis(input, kernel, stride, dilation, pad, pad)];

    internal static IEnumerable<Case> Cases()
    {
        // Row lengths around the lane counts of all widths, and filters around the tiles' rows.
        foreach (int w in new[] { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 19, 31, 32, 33, 35, 67 })
        {
            yield return new Case($"3x3 row {w}", 1, 3, 5, 1, [Axis(5, 3, begin: 1, end: 1), Axis(w, 3, begin: 1, end: 1)]);
            yield return new Case($"pointwise row {w}", 1, 5, 15, 1, [Axis(3, 1), Axis(w, 1)]);
            yield return new Case($"1-D stride 2 row {w}", 1, 2, 3, 1, [Axis(w, 1, stride: 2)]);
        }
        foreach (int m in new[] { 1, 2, 6, 7, 13, 14, 15, 28, 29, 33, 64 }) yield return new Case($"{m} filters", 1, 4, m, 1, Square(9, 3, pad: 1));
        yield return new Case("7x7 plane, many filters", 2, 8, 70, 1, Square(7, 3, pad: 1));
        yield return new Case("1x1 plane", 1, 37, 33, 1, Square(1, 1));
        yield return new Case("13x13 plane, long sum", 1, 40, 36, 1, Square(13, 3, pad: 1));
        yield return new Case("streamed panels", 1, 3, 20, 1, Square(29, 3, pad: 1));
        yield return new Case("streamed pointwise, few filters", 1, 6, 11, 1, Square(25, 1));
        yield return new Case("streamed pointwise, many filters", 3, 6, 40, 1, Square(25, 1));
        yield return new Case("first layer 7x7 stride 2", 1, 3, 16, 1, Square(45, 7, stride: 2, pad: 3));
        yield return new Case("valid 3x3 stride 2", 1, 3, 16, 1, Square(45, 3, stride: 2));
        yield return new Case("stride 3", 2, 2, 4, 1, Square(17, 5, stride: 3, pad: 2));
        yield return new Case("stride 4, 11x11", 1, 3, 8, 1, Square(39, 11, stride: 4));
        yield return new Case("stride beyond the kernel", 1, 2, 3, 1, Square(17, 1, stride: 2));
        yield return new Case("unequal strides, dilations and pads", 2, 3, 7, 1, [Axis(11, 3, stride: 2, dilation: 2, begin: 3, end: 1), Axis(23, 2, stride: 1, dilation: 3, begin: 0, end: 2)]);
        yield return new Case("padding longer than the kernel", 1, 2, 3, 1, Square(5, 2, pad: 4));
        yield return new Case("dilation 4", 1, 2, 5, 1, Square(19, 3, pad: 4, dilation: 4));
        yield return new Case("groups of 3 filters", 2, 6, 9, 3, Square(11, 3, pad: 1));
        yield return new Case("groups, pointwise", 1, 8, 12, 4, Square(9, 1));
        foreach (int w in new[] { 1, 7, 14, 16, 31, 33, 70 }) yield return new Case($"depthwise row {w}", 2, 5, 5, 5, [Axis(6, 3, begin: 1, end: 1), Axis(w, 3, begin: 1, end: 1)]);
        yield return new Case("depthwise stride 2", 1, 4, 4, 4, Square(23, 3, stride: 2, pad: 1));
        yield return new Case("depthwise stride 3", 1, 3, 3, 3, Square(23, 5, stride: 3, pad: 2));
        yield return new Case("depthwise with two filters", 1, 3, 6, 3, Square(18, 3, pad: 1));
        yield return new Case("two channels to one filter", 1, 6, 3, 3, Square(12, 5, pad: 2));
        yield return new Case("3-D", 2, 2, 5, 1, [Axis(4, 2, begin: 1), Axis(5, 3, begin: 1, end: 1), Axis(6, 3, stride: 2)]);
        yield return new Case("3-D depthwise", 1, 3, 3, 3, [Axis(4, 3, begin: 1, end: 1), Axis(5, 3, begin: 1, end: 1), Axis(6, 3, begin: 1, end: 1)]);
        yield return new Case("1-D", 3, 4, 18, 1, [Axis(50, 5, begin: 2, end: 2)]);
        yield return new Case("no image", 0, 2, 3, 1, Square(5, 3));
    }

    private static readonly Epilogue?[] Epilogues =
    [
        null,
        new Epilogue(EpilogueStage.Relu),
        new Epilogue(ScaleShift, EpilogueStage.Relu),
        new Epilogue(ScaleShift, new EpilogueStage(EpilogueKind.Add), EpilogueStage.Relu),
        new Epilogue(new EpilogueStage(EpilogueKind.Add), ScaleShift, new EpilogueStage(EpilogueKind.LeakyRelu) { Slope = 0.1f }, new EpilogueStage(EpilogueKind.Clip) { Minimum = -1, Maximum = 0.5f }),
    ];

    private static EpilogueStage ScaleShift => new(EpilogueKind.ScaleShift) { Scale = [.. Enumerable.Range(0, 70).Select(i => 0.5f + (0.01f * i))], Shift = [.. Enumerable.Range(0, 70).Select(i => 0.02f * i)] };

    [Fact]
    public void EveryWidthEqualsTheReference()
    {
        using var crew = new Crew(1);
        foreach (var problem in Cases())
        {
            var g = problem.Geometry();
            using var operands = new Operands(g, seed: 1);
            double[] expected = operands.Reference(g);
            double largest = expected.Select(Math.Abs).DefaultIfEmpty(0).Max();
            foreach (var width in Widths.All)
            {
                foreach (bool packed in new[] { true, false })
                {
                    float[] actual = operands.Run(g, null, width, crew, packed, problem.Name);
                    for (int i = 0; i < actual.Length; i++)
                        Assert.True(Math.Abs(actual[i] - expected[i]) <= (2 + Math.Sqrt(g.SumLength)) * 1.2e-7 * largest, $"{problem.Name}, {width}, packed {packed}: [{i}] is {actual[i]}, expected {expected[i]}");
                }
            }
        }
    }

    // One sum in one order: how the output is cut into tiles and units must not be seen, and fused stages are those of the unfused run.
    [Fact]
    public void BitsAreTheSameForEveryNumberOfThreadsBatchAndFusion()
    {
        using Crew one = new(1), two = new(2), three = new(3);
        Crew[] others = [two, three];
        foreach (var problem in Cases().Where((_, i) => i % 3 == 0 || i > 70))
        {
            var g = problem.Geometry();
            using var operands = new Operands(g, seed: 2);
            foreach (var width in Widths.All)
            {
                float[] plain = operands.Run(g, null, width, one, true, problem.Name);
                float[] sums = operands.Run(g, null, width, one, true, problem.Name, bias: false);
                foreach (var epilogue in Epilogues)
                {
                    string what = $"{problem.Name}, {width}, {epilogue?.Stages.Length ?? 0} stages";
                    Assert.True(Apply(epilogue, plain, operands, g).AsSpan().SequenceEqual(operands.Run(g, epilogue, width, one, true, problem.Name)), what);
                    Assert.True(Apply(epilogue, sums, operands, g).AsSpan().SequenceEqual(operands.Run(g, epilogue, width, one, true, problem.Name, bias: false)), $"{what}, no bias");
                }
                foreach (var crew in others)
                    Assert.True(plain.AsSpan().SequenceEqual(operands.Run(g, null, width, crew, true, problem.Name)), $"{problem.Name}, {width}, {crew.Size} threads");
                var single = problem.Geometry(batch: 1);
                for (int n = 0; n < g.Batch; n++)
                {
                    float[] alone = operands.Run(single, null, width, one, true, problem.Name, image: n);
                    Assert.True(plain.AsSpan(n * alone.Length, alone.Length).SequenceEqual(alone), $"{problem.Name}, {width}: image {n} alone differs");
                }
            }
        }
    }

    // What the stages mean, one element after the other.
    private static float[] Apply(Epilogue? epilogue, float[] plain, Operands operands, ConvolutionGeometry g)
    {
        float[] y = [.. plain];
        if (epilogue is null) return y;
        foreach (var stage in epilogue.Stages)
        {
            for (int i = 0; i < y.Length; i++)
            {
                int channel = i / g.OutputPlane % g.Filters;
                y[i] = stage.Kind switch
                {
                    EpilogueKind.ScaleShift => float.MultiplyAddEstimate(y[i], stage.Scale[channel], stage.Shift[channel]),
                    EpilogueKind.Add => y[i] + operands.Residual.Span[i],
                    EpilogueKind.Clip => y[i] < stage.Minimum ? stage.Minimum : y[i] > stage.Maximum ? stage.Maximum : y[i],
                    _ => y[i] < 0 ? y[i] * stage.Slope : y[i],
                };
            }
        }
        return y;
    }

    private sealed class Operands(ConvolutionGeometry g, int seed) : IDisposable
    {
        private readonly GuardedBuffer _x = new((long)g.Batch * g.Channels * g.InputPlane, seed), _w = new((long)g.Filters * g.SumLength, seed + 1), _b = new(g.Filters, seed + 2);

        public GuardedBuffer Residual { get; } = new((long)g.Batch * g.Filters * g.OutputPlane, seed + 3);

        public double[] Reference(ConvolutionGeometry g)
        {
            double[] x = Wide(_x), w = Wide(_w), b = Wide(_b), y = new double[Residual.Length];
            byte[] scratch = new byte[ReferenceConvolution.ScratchBytes(g)];
            fixed (double* px = x, pw = w, pb = b, py = y)
            fixed (byte* s = scratch) ReferenceConvolution.Run(g, px, pw, pb, py, s);
            return y;
        }

        public float[] Run(ConvolutionGeometry g, Epilogue? epilogue, VectorWidth width, Crew crew, bool packed, string name, int image = 0, bool bias = true)
        {
            var convolution = F32Convolution.Create(g, new RowEpilogue(epilogue), width);
            using var y = new GuardedBuffer((long)g.Batch * g.Filters * g.OutputPlane);
            using var scratch = new GuardedBuffer(convolution.ScratchBytes(crew.Size, packed) / sizeof(float), aligned: true);
            using var weights = packed ? convolution.Pack(_w.Pointer) : null;
            float** residuals = stackalloc float*[1];
            residuals[0] = Residual.Pointer;
            var operands = new ConvolutionOperands { X = _x.Pointer + ((long)image * g.Channels * g.InputPlane), W = packed ? null : _w.Pointer, Bias = bias ? _b.Pointer : null, Y = y.Pointer, Residuals = residuals, Scratch = (byte*)scratch.Pointer };
            convolution.Run(operands, weights, crew);
            string what = $"{name}, {width}, {crew.Size} threads";
            y.AssertGuardsStand(what);
            scratch.AssertGuardsStand($"{what}, scratch");
            return y.Span.ToArray();
        }

        public void Dispose()
        {
            _x.Dispose();
            _w.Dispose();
            _b.Dispose();
            Residual.Dispose();
        }

        private static double[] Wide(GuardedBuffer buffer) => Array.ConvertAll(buffer.Span.ToArray(), v => (double)v);
    }
}
