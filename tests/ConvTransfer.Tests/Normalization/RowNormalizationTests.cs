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
                    foreach (float offset in new[] { 0, 1e4f }) Try(rows, layout, hasShift, offset, one, three);
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
            // The mean of numbers near the offset is as exact as they are, and its error counts in deviations.
            float slack = 2e-5f + (1e-6f * offset);
            for (int i = 0; i < count; i++) Assert.True(Math.Abs(y.Span[i] - expected.Span[i]) <= slack * 10, $"{what}: [{i}] is {y.Span[i]}, expected {expected.Span[i]}");
            for (int r = 0; r < rows; r++) Assert.True(Math.Abs(mean.Span[r] - means.Span[r]) <= slack && Math.Abs(inverse.Span[r] - inverses.Span[r]) <= slack * inverses.Span[r] * 10, $"{what}: row {r}");
        }
    }
}
