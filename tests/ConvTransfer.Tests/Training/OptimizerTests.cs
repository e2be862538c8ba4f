using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Graphs;
using ConvTransfer.Tests.Simd;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>The optimisers against a plain loop in float64, and their kernel's bits and borders.</summary>
public sealed class OptimizerTests
{
    private const double Decay = 0.1;

    // Around the widths of vectors, with and without a rest.
    private static readonly int[] Lengths = [1, 7, 8, 15, 16, 17, 33, 100];

    private static readonly Dictionary<string, FineTuneOptions> Forms = new()
    {
        ["sgd"] = new() { Optimizer = OptimizerKind.Sgd, Momentum = 0 },
        ["momentum"] = new() { Optimizer = OptimizerKind.Sgd },
        ["nesterov"] = new() { Optimizer = OptimizerKind.Sgd, Nesterov = true },
        ["adam"] = new() { Optimizer = OptimizerKind.Adam },
        ["adamw"] = new() { Optimizer = OptimizerKind.AdamW },
    };

    public static TheoryData<string, double> Cases
    {
        get
        {
            var cases = new TheoryData<string, double>();
            foreach (string form in Forms.Keys)
                foreach (double scale in (double[])[1, 0.3]) cases.Add(form, scale);
            return cases;
        }
    }

    // Tolerance: a few roundings of a weight of about 1 in float32. Adam's beta2 is off by 1.3e-8 as a float, 1 - beta2 therefore by 1.3e-5 of itself, and a step by 6e-6: of five steps of 0.05 that is 1.6e-6.
    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryStepIsThatOfThePapers(string form, double scale)
    {
        var options = Forms[form] with { WeightDecay = Decay };
        double[] rates = [0.05, 0.02];
        foreach (int length in Lengths)
        {
            using var trainer = new Trainer(Layer(length), [], options, new TrainerOptions());
            using var crew = new Crew(2);
            var optimizer = new WeightOptimizer(trainer.Weights, rates, trainer.Decays(), options, [0, 0]);
            // The factor decays, the bias does not.
            PlainOptimizer[] plain = [.. Enumerable.Range(0, 2).Select(i => new PlainOptimizer(options, rates[i], i == 0 ? Decay : 0, Wide(trainer.Weights.All[i].AsSpan<float>())))];
            for (int step = 0; step < 5; step++)
            {
                double factor = 1 - (0.15 * step);
                float[][] gradients = [Gradient(length, step), Gradient(length, step + 100)];
                optimizer.Step(i => gradients[i], factor, scale, crew);
                for (int i = 0; i < 2; i++)
                {
                    plain[i].Step(Array.ConvertAll(gradients[i], g => g * scale), factor);
                    var actual = trainer.Weights.All[i].AsSpan<float>();
                    for (int j = 0; j < length; j++)
                        Assert.True(Math.Abs(actual[j] - plain[i].Weights[j]) <= 3e-6 * (1 + Math.Abs(plain[i].Weights[j])), $"{(i == 0 ? "factor" : "bias")} of {length}, step {step + 1}, element {j}: {actual[j]}, expected {plain[i].Weights[j]}");
                }
            }
        }
    }

    // Sutskever et al. take the gradient at theta + momentum · velocity: what is kept as the weight is that point. The loss is a (w - c)² / 2.
    [Fact]
    public void NesterovLooksAhead()
    {
        const double Rate = 0.05, Momentum = 0.9, A = 3, C = 0.7;
        var options = Forms["nesterov"] with { WeightDecay = 0, Momentum = Momentum };
        using var trainer = new Trainer(Layer(1), [], options, new TrainerOptions());
        using var crew = new Crew(1);
        var optimizer = new WeightOptimizer(trainer.Weights, [Rate, 0], trainer.Decays(), options, [0, 0]);
        double theta = trainer.Weights.All[0].AsSpan<float>()[0], velocity = 0;
        for (int step = 0; step < 20; step++)
        {
            float[] gradient = [(float)(A * (trainer.Weights.All[0].AsSpan<float>()[0] - C))];
            optimizer.Step(i => i == 0 ? gradient : [], 1, 1, crew);
            velocity = (Momentum * velocity) - (Rate * A * (theta + (Momentum * velocity) - C));
            theta += velocity;
            Assert.Equal(theta + (Momentum * velocity), trainer.Weights.All[0].AsSpan<float>()[0], 2e-6);
        }
    }

    // The first step of Adam is as long as the rate, whatever the gradient's length.
    [Fact]
    public void AdamsFirstStepIsTheRate()
    {
        var options = Forms["adam"] with { WeightDecay = 0 };
        using var trainer = new Trainer(Layer(8), [], options, new TrainerOptions());
        using var crew = new Crew(1);
        float[] before = trainer.Weights.All[0].AsSpan<float>().ToArray();
        new WeightOptimizer(trainer.Weights, [0.5, 0.5], trainer.Decays(), options, [0, 0]).Step(_ => [1e-4f, 1, -1e4f, 3, -1e-3f, 1e6f, 7, -5], 1, 1, crew);
        for (int i = 0; i < before.Length; i++) Assert.Equal(0.5, Math.Abs(before[i] - trainer.Weights.All[0].AsSpan<float>()[i]), 1e-4);
    }

    public static TheoryData<int> Rules => [.. Enum.GetValues<UpdateRule>().Select(r => (int)r)];

    // Row T25, for a parameter that is divided over the threads.
    [Theory]
    [MemberData(nameof(Rules))]
    public void TheBitsAreTheSameOnAnyNumberOfThreads(int rule)
    {
        const int Length = 100_003;
        byte[]? expected = null;
        foreach (int threads in (int[])[1, 2, 3, 7, 8])
        {
            using var crew = new Crew(threads);
            using GuardedBuffer w = new(Length, seed: 1), g = new(Length, seed: 2), m = new(Length, seed: 3), v = Squares(Length);
            for (int step = 0; step < 3; step++) ParameterUpdate.Run(w.Span, g.Span, m.Span, v.Span, Settings((UpdateRule)rule), crew);
            byte[] actual = [.. MemoryMarshal.AsBytes(w.Span), .. MemoryMarshal.AsBytes(m.Span), .. MemoryMarshal.AsBytes(v.Span)];
            Assert.Equal(expected ??= actual, actual);
        }
    }

    // An element's bits depend on that element alone: a vector's rest gives those of a whole vector. NaN stands on both sides.
    [Theory]
    [MemberData(nameof(Rules))]
    public void NothingBesideTheParameterIsReadOrWritten(int rule)
    {
        using var crew = new Crew(1);
        float[]? longest = null;
        for (int length = (2 * (int)VectorWidth.Bits512) + 3; length > 0; length--)
        {
            using GuardedBuffer w = new(length, seed: 1), g = new(length, seed: 2), m = new(length, seed: 3), v = Squares(length);
            ParameterUpdate.Run(w.Span, g.Span, m.Span, rule == (int)UpdateRule.Sgd ? [] : v.Span, Settings((UpdateRule)rule), crew);
            longest ??= w.Span.ToArray();
            Assert.True(w.Span.SequenceEqual(longest.AsSpan(0, length)), $"{length} elements");
            foreach (var (buffer, name) in (ReadOnlySpan<(GuardedBuffer, string)>)[(w, "weights"), (g, "gradient"), (m, "first"), (v, "second")]) buffer.AssertGuardsStand($"{name} of {length}");
        }
    }

    private static UpdateSettings Settings(UpdateRule rule) =>
        new(rule, 0.1f, 0.01f) { Momentum = 0.9f, Nesterov = true, Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f, Correction1 = 0.1f, Correction2 = 0.001f, GradientScale = 0.5f };

    private static GuardedBuffer Squares(int length)
    {
        var buffer = new GuardedBuffer(length, seed: 4);
        foreach (ref float value in buffer.Span) value *= value;
        return buffer;
    }

    // x · w + b with so many units.
    private static Model Layer(int units)
    {
        TensorData Weight(string name, long seed, params long[] dims)
        {
            var random = new CounterRandom(seed);
            float[] values = new float[units];
            for (int i = 0; i < units; i++) values[i] = (float)random.NextNormal();
            return TensorData.From<float>(name, dims, values);
        }

        return new Model(new Graph
        {
            Name = "layer",
            Inputs = [new ValueInfo("x", new TensorType(ElementType.Float32, [Dim.Of("N"), 1]))],
            Outputs = [new ValueInfo("y", new TensorType(ElementType.Float32, [Dim.Of("N"), units]))],
            Nodes = [new Node("MatMul", ["x", "w"], ["product"]), new Node("Add", ["product", "b"], ["y"])],
            Initializers = [Weight("w", 1, 1, units), Weight("b", 2, units)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] };
    }

    // From about 1 down to 1e-9, where it matters on which side of the root epsilon stands.
    private static float[] Gradient(int length, int seed)
    {
        var random = new CounterRandom(seed, purpose: 9);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) values[i] = (float)(random.NextNormal() * Math.Pow(10, -(i % 10)));
        return values;
    }

    private static double[] Wide(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), v => (double)v);
}
