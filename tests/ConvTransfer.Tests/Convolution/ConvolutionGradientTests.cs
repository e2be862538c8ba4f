using ConvTransfer.Core;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Tests.Simd;
using Case = ConvTransfer.Tests.Convolution.F32ConvolutionTests.Case;

namespace ConvTransfer.Tests.Convolution;

/// <summary>The gradients of convolutions: the reference against the convolution itself, the fast kernels against the reference.</summary>
public sealed class ConvolutionGradientTests
{
    private const int RandomCases = 150;

    private static IEnumerable<Case> Cases() => F32ConvolutionTests.Cases().Concat(LongerInputs).Concat(Enumerable.Range(0, RandomCases).Select(Random));

    // A transposed convolution whose result is longer than its windows reach: dW took positions of one row for those of the next.
    private static readonly Case[] LongerInputs =
    [
        new("pointwise, a longer input", 2, 1, 1, 1, [new WindowAxis(4, 1, 1, 1, 0, 0, 2)]),
        new("pointwise, both axes longer", 3, 5, 7, 1, [new WindowAxis(5, 1, 1, 1, 0, 0, 4), new WindowAxis(9, 1, 1, 1, 0, 0, 6)]),
        new("pointwise, a longer last axis, groups", 2, 6, 9, 3, [new WindowAxis(4, 1, 1, 1, 0, 0, 4), new WindowAxis(5, 1, 1, 1, 0, 0, 3)]),
        new("depthwise, a longer input", 2, 6, 6, 6, [new WindowAxis(4, 1, 1, 1, 0, 0, 2), new WindowAxis(7, 3, 2, 1, 0, 0, 2)]),
    ];

    // Convolution is linear in X and in W, so ⟨dY, conv(X, W)⟩ = ⟨dX, X⟩ = ⟨dW, W⟩.
    [Fact]
    public void TheReferenceIsTheAdjointOfTheConvolution()
    {
        foreach (var problem in Cases())
        {
            var g = problem.Geometry();
            using var operands = new GradientOperands(g, seed: 3);
            double[] y = operands.ReferenceOutput();
            double expected = Dot(operands.DY, y), scale = operands.DY.Zip(y, (a, b) => Math.Abs(a * b)).Sum();
            Assert.True(Math.Abs(Dot(operands.ReferenceInputGradient(), operands.X) - expected) <= 1e-12 * scale, $"{problem.Name}: dX");
            Assert.True(Math.Abs(Dot(operands.ReferenceWeightGradient(), operands.W) - expected) <= 1e-12 * scale, $"{problem.Name}: dW");
        }
    }

    [Fact]
    public void EveryWidthEqualsTheReference()
    {
        using var crew = new Crew(1);
        foreach (var problem in Cases())
        {
            var g = problem.Geometry();
            using var operands = new GradientOperands(g, seed: 4);
            double[] dx = operands.ReferenceInputGradient(), dw = operands.ReferenceWeightGradient();
            foreach (var width in Widths.All)
            {
                AssertNear(dx, operands.InputGradient(width, crew, problem.Name), (long)g.FiltersPerGroup * g.Taps, $"dX, {problem.Name}, {width}");
                AssertNear(dw, operands.WeightGradient(width, crew, problem.Name), (long)g.Batch * g.OutputPlane, $"dW, {problem.Name}, {width}");
            }
        }
    }

    [Fact]
    public void BitsAreTheSameForEveryNumberOfThreads()
    {
        using Crew one = new(1), two = new(2), three = new(3);
        foreach (var problem in Cases().Where((_, i) => i % 3 == 0))
        {
            using var operands = new GradientOperands(problem.Geometry(), seed: 5);
            foreach (var width in Widths.All)
            {
                float[] dx = operands.InputGradient(width, one, problem.Name), dw = operands.WeightGradient(width, one, problem.Name);
                foreach (var crew in new[] { two, three })
                {
                    Assert.True(dx.AsSpan().SequenceEqual(operands.InputGradient(width, crew, problem.Name)), $"dX, {problem.Name}, {width}, {crew.Size} threads");
                    Assert.True(dw.AsSpan().SequenceEqual(operands.WeightGradient(width, crew, problem.Name)), $"dW, {problem.Name}, {width}, {crew.Size} threads");
                }
            }
        }
    }

    private static Case Random(int number)
    {
        var random = new CounterRandom(1000 + number);
        int Next(int least, int most) => least + random.Next(most - least + 1);
        int rank = Next(1, 3), groups = Next(0, 2) == 0 ? Next(2, 4) : 1, most = groups > 1 ? 3 : 40;
        bool depthwise = groups > 1 && Next(0, 1) == 0;
        var axes = new WindowAxis[rank];
        for (int a = 0; a < rank; a++)
        {
            int kernel = Next(1, rank == 1 ? 7 : 4), dilation = Next(1, 3), stride = Next(1, 3), begin = Next(0, 3), end = Next(0, 3);
            int least = Math.Max(1, (int)WindowAxis.Span(kernel, dilation) - begin - end);
            axes[a] = F32ConvolutionTests.Axis(least + Next(0, rank == 3 ? 5 : 20), kernel, stride, dilation, begin, end);
        }
        return new Case($"random {number}", Next(1, 3), groups * (depthwise ? 1 : Next(1, most)), groups * (depthwise ? 1 : Next(1, most)), groups, axes);
    }

    private static void AssertNear(double[] expected, float[] actual, long terms, string what)
    {
        double largest = expected.Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int i = 0; i < actual.Length; i++)
            Assert.True(Math.Abs(actual[i] - expected[i]) <= (2 + Math.Sqrt(terms)) * 1.2e-7 * largest, $"{what}: [{i}] is {actual[i]}, expected {expected[i]}");
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
