using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Tests.Simd;

namespace ConvTransfer.Tests.Normalization;

/// <summary>Normalized rows against the plain routine in double, on every width, with NaN around every buffer.</summary>
public sealed unsafe class RowNormalizationTests
{
    [Fact]
    public void EveryWidthEqualsThePlainRoutineForEveryNumberOfThreads()
    {
        using Crew one = new(1), three = new(3);
        foreach (int length in new[] { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 35, 1025, 3000 })
            foreach (var (rows, layout) in new[] { (3, new ScaleLayout(1, length, 1)), (4, new ScaleLayout(2, 1, length)), (6, new ScaleLayout(3, 2, length)) })
                foreach (bool hasShift in new[] { true, false })
                    foreach (float offset in new[] { 0, 1e4f, 1e6f }) Try(rows, layout, hasShift, offset, one, three);
    }

    // The mean came from sums in float32, which far from 0 are rounded in every lane: equal elements, whose result is 0, gave 0.024 (4096 times 255.3) and 1.0 (512 times a million and a half).
    [Theory]
    [InlineData(255.3f, 4096)]
    [InlineData(1e6f + 0.5f, 512)]
    [InlineData(-3.3e7f, 1000)]
    [InlineData(0.1f, 100_000)]
    [InlineData(0, 100)]
    public void EqualElementsGiveTheShift(float value, int length)
    {
        using var crew = new Crew(1);
        using GuardedBuffer x = new(2 * length), y = new(2 * length), scale = new(length), shift = new(length), mean = new(2), variance = new(2);
        x.Span.Fill(value);
        scale.Span.Fill(1);
        shift.Span.Clear();
        foreach (var width in Widths.All)
        {
            F32RowNormalization.Create(2, new ScaleLayout(1, length, 1), 1e-5, width).Run(x.Pointer, scale.Pointer, shift.Pointer, y.Pointer, mean.Pointer, null, crew);
            Assert.True(y.Span.ToArray().All(v => Math.Abs(v) <= 1e-4) && mean.Span[0] == value, $"{width}: rows give {y.Span[0]}, mean {mean.Span[0]}");
            F32BatchNormalization.Create(2, 2, length / 2, 1e-5, width).Forward(x.Pointer, scale.Pointer, shift.Pointer, y.Pointer, mean.Pointer, variance.Pointer, crew);
            Assert.True(y.Span.ToArray().All(v => Math.Abs(v) <= 1e-4) && mean.Span[0] == value && variance.Span[0] <= 1e-9f * value * value, $"{width}: a batch gives {y.Span[0]}, mean {mean.Span[0]}, variance {variance.Span[0]}");
        }
    }

    // Those of a batch: what they differ by is that of numbers near 0, though their mean is handed out in float32.
    [Theory]
    [InlineData(3, 1, 1000)]
    [InlineData(4, 3, 49)]
    [InlineData(2, 2, 3000)]
    public void ABatchFarFromZeroHasTheStatisticsOfThePlainRoutine(int images, int channels, int positions)
    {
        long count = (long)images * channels * positions;
        using Crew one = new(1), three = new(3);
        foreach (float offset in new[] { 0, 100, 1e4f, 1e6f })
        {
            using GuardedBuffer x = new(count, seed: 1), scale = new(channels, seed: 2), shift = new(channels, seed: 3), expected = new(count), means = new(channels), variances = new(channels);
            foreach (ref float v in x.Span) v += offset;
            new PlainBatchNormalization<float>(images, channels, positions, 0.01).Forward(x.Pointer, scale.Pointer, shift.Pointer, expected.Pointer, means.Pointer, variances.Pointer, one);
            foreach (var width in Widths.All)
            {
                var work = F32BatchNormalization.Create(images, channels, positions, 0.01, width);
                using GuardedBuffer y = new(count), again = new(count), mean = new(channels), variance = new(channels);
                work.Forward(x.Pointer, scale.Pointer, shift.Pointer, again.Pointer, mean.Pointer, variance.Pointer, three);
                work.Forward(x.Pointer, scale.Pointer, shift.Pointer, y.Pointer, mean.Pointer, variance.Pointer, one);
                Assert.True(y.Span.SequenceEqual(again.Span), $"{width}, offset {offset}: threads");
                for (int c = 0; c < channels; c++)
                {
                    Assert.Equal(means.Span[c], mean.Span[c], 2e-6 + (1.2e-7 * offset));
                    Assert.Equal(variances.Span[c], variance.Span[c], 2e-6 + (2e-13 * offset * offset));
                }
                // The two means may be neighbours among the float32 numbers.
                for (int i = 0; i < count; i++) Assert.Equal(expected.Span[i], y.Span[i], 1e-4 + (5e-7 * offset));
            }
        }
    }

    private static void Try(int rows, ScaleLayout layout, bool hasShift, float offset, Crew one, Crew three)
    {
        long count = (long)rows * layout.PerRow * layout.Run, scales = layout.Rows * layout.PerRow;
        using GuardedBuffer x = new(count, seed: 1), scale = new(scales, seed: 2), shift = new(scales, seed: 3), expected = new(count), means = new(rows), inverses = new(rows);
        foreach (ref float value in x.Span) value += offset;
        float* b = hasShift ? shift.Pointer : null;
        new PlainRowNormalization<float>(rows, layout, 0.01).Run(x.Pointer, scale.Pointer, b, expected.Pointer, means.Pointer, inverses.Pointer, one);
        foreach (var width in Widths.All)
        {
            var work = F32RowNormalization.Create(rows, layout, 0.01, width);
            using GuardedBuffer y = new(count), again = new(count), mean = new(rows), inverse = new(rows);
            work.Run(x.Pointer, scale.Pointer, b, y.Pointer, mean.Pointer, inverse.Pointer, one);
            work.Run(x.Pointer, scale.Pointer, b, again.Pointer, null, null, three);
            string what = $"{width}, {rows} rows, {layout}, shift {hasShift}, offset {offset}";
            foreach (var buffer in new[] { y, again, mean, inverse }) buffer.AssertGuardsStand(what);
            Assert.True(y.Span.SequenceEqual(again.Span), $"{what}: threads");
            // However far from 0 the elements lie, what they differ by counts; only the mean that is handed out is a float32.
            for (int i = 0; i < count; i++) Assert.True(Math.Abs(y.Span[i] - expected.Span[i]) <= 2e-4f, $"{what}: [{i}] is {y.Span[i]}, expected {expected.Span[i]}");
            for (int r = 0; r < rows; r++) Assert.True(Math.Abs(mean.Span[r] - means.Span[r]) <= 2e-5f + (1.2e-7f * offset) && Math.Abs(inverse.Span[r] - inverses.Span[r]) <= 2e-4f * inverses.Span[r], $"{what}: row {r}");
        }
    }
}
