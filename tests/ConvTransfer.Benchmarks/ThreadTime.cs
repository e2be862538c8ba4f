using System.Runtime.InteropServices;

namespace ConvTransfer.Benchmarks;

/// <summary>The processor time that the calling thread has taken, so that other programs on the machine do not count.</summary>
internal static partial class ThreadTime
{
    private const int ClockThreadCpuTime = 3;

    /// <summary>Seconds since the thread began.</summary>
    public static double Seconds
    {
        get
        {
            if (ClockGetTime(ClockThreadCpuTime, out var time) != 0) throw new InvalidOperationException("the clock of the thread cannot be read");
            return time.Seconds + (time.Nanoseconds * 1e-9);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
