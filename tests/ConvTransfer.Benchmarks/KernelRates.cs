using System.Diagnostics;
using System.Globalization;
using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Benchmarks;

/// <summary>The verb "kernels": the micro-kernel's rate for every width and number of rows, operands in the first-level cache.</summary>
internal static unsafe class KernelRates
{
    public static void Run(TextWriter to)
    {
        to.WriteLine("width,rows,vectors,k,GF/s");
        foreach (var width in Enum.GetValues<VectorWidth>().Where(w => w <= VectorWidths.Best))
        {
            var tiles = GemmTiles.For(width);
            for (int rows = 1; rows <= tiles.MaxRows; rows++)
                foreach (bool two in new[] { true, false })
                    foreach (int k in new[] { 32, 192 })
                    {
                        if (k == 32 && (!two || rows != tiles.MaxRows)) continue;
                        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(int)width * 32},{rows},{(two ? 2 : 1)},{k},{Rate(tiles, rows, two, k):F1}"));
                    }
        }
    }

    private static double Rate(GemmTiles tiles, int rows, bool two, int k)
    {
        using var memory = new AlignedMemory(4L * ((k * tiles.MaxRows) + (k * tiles.Columns) + (tiles.MaxRows * tiles.Columns) + 64), zeroed: true);
        float* b = (float*)memory.Pointer, a = b + (k * tiles.Columns);
        float* c = (float*)(((nint)(a + (k * tiles.MaxRows)) + 63) & ~(nint)63);
        new Span<float>(b, k * (tiles.Columns + tiles.MaxRows)).Fill(0.5f);
        var kernel = tiles.Kernel(rows, two);
        const int Calls = 2000;
        double best = double.MaxValue;
        for (int repeat = 0; repeat < 20; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls; i++) kernel(k, a, b, tiles.Columns, c, tiles.Columns, null);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        if (c[0] != 0.25f * k) throw new InvalidOperationException($"the kernel gave {c[0]}, expected {0.25f * k}");
        return 2.0 * rows * tiles.Lanes * (two ? 2 : 1) * k * Calls / best / 1e9;
    }
}
