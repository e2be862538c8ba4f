using System.Globalization;
using System.Text.RegularExpressions;

namespace ConvTransfer.Benchmarks;

/// <summary>How busy the machine was before a measurement.</summary>
/// <param name="Load">The load of the last minute.</param>
/// <param name="IdleShare">The share of processor time that nobody used in half a second.</param>
internal sealed partial record MachineLoad(double Load, double IdleShare)
{
    /// <summary>Looks for half a second.</summary>
    public static MachineLoad Sample()
    {
        var (idle, total) = Ticks();
        Thread.Sleep(500);
        var (idleAfter, totalAfter) = Ticks();
        double load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        return new MachineLoad(load, (double)(idleAfter - idle) / Math.Max(1, totalAfter - total));
    }

    /// <summary>The processor's name and family as a folder name.</summary>
    public static string Processor()
    {
        string[] lines = File.ReadAllLines("/proc/cpuinfo");
        string Field(string name) => lines.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
        return Unsuitable().Replace($"{Field("model name")} family {Field("cpu family")}".ToLowerInvariant(), "-").Trim('-');
    }

    private static (long Idle, long Total) Ticks()
    {
        long[] numbers = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(n => long.Parse(n, CultureInfo.InvariantCulture))];
        return (numbers[3], numbers.Sum());
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Unsuitable();
}
