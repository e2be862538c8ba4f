using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Reduction;

/// <summary>The sum of the squares of float32 numbers, in double, divided over a crew. Its order follows from the count alone: parts of one length, and in each eight interleaved sums.</summary>
internal sealed unsafe class SquareSum : CrewWork
{
    private const int LeastPerUnit = 16 << 10, MostUnits = 1024;

    private static readonly SquareSum Instance = new();

    private struct State
    {
        public float* X;
        public nint Count, PerUnit;
        public double* Sums;
    }

    /// <summary>Computes the sum; NaN or infinite where one of the numbers is.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="crew">The threads.</param>
    public static double Of(ReadOnlySpan<float> x, Crew crew)
    {
        int perUnit = Math.Max(LeastPerUnit, (int)(((long)x.Length + MostUnits - 1) / MostUnits)), units = (int)(((long)x.Length + perUnit - 1) / perUnit);
        double* sums = stackalloc double[units];
        fixed (float* px = x)
        {
            var state = new State { X = px, Count = x.Length, PerUnit = perUnit, Sums = sums };
            crew.For(Instance, &state, units);
        }
        double sum = 0;
        for (int i = 0; i < units; i++) sum += sums[i];
        return sum;
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        var s = (State*)state;
        nint from = unit * s->PerUnit;
        s->Sums[unit] = Part(s->X + from, Math.Min(s->PerUnit, s->Count - from));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Part(float* x, nint count)
    {
        double a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
        nint i = 0;
        for (; i + 8 <= count; i += 8)
        {
            a += Square(x[i]);
            b += Square(x[i + 1]);
            c += Square(x[i + 2]);
            d += Square(x[i + 3]);
            e += Square(x[i + 4]);
            f += Square(x[i + 5]);
            g += Square(x[i + 6]);
            h += Square(x[i + 7]);
        }
        for (; i < count; i++) a += Square(x[i]);
        return ((a + b) + (c + d)) + ((e + f) + (g + h));
    }

    // Exact: the square of a float fits into a double.
    private static double Square(double value) => value * value;
}
