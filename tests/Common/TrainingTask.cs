using System.Globalization;
using ConvTransfer.Core;

namespace ConvTransfer.Tests.Common;

/// <summary>A training that two programs run side by side: the network, how it is trained, and the samples, which follow from their numbers alone.</summary>
/// <param name="Model">The file of the network as it starts: images [N, C, H, W] to logits.</param>
/// <param name="FrozenUntil">The value up to which all layers are frozen; empty when none is.</param>
/// <param name="Threads">The number of threads.</param>
/// <param name="Batch">Samples in a batch.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="Nesterov">True for Nesterov's form of the momentum.</param>
/// <param name="IsDouble">True to compute in float64; only libtorch's side can.</param>
internal sealed record TrainingTask(string Model, string FrozenUntil, int Threads, int Batch, double Rate, bool Nesterov, bool IsDouble = false)
{
    public const int Classes = 10;
    public const double Momentum = 0.9, WeightDecay = 1e-4;

    /// <summary>The number of arguments that a task takes.</summary>
    public const int Arguments = 7;

    /// <summary>The task as arguments of a program.</summary>
    public string[] ToArguments() => [Model, FrozenUntil, Invariant($"{Threads}"), Invariant($"{Batch}"), Invariant($"{Rate:R}"), Nesterov ? "nesterov" : "plain", IsDouble ? "double" : "single"];

    /// <summary>The task of <see cref="ToArguments"/>.</summary>
    public static TrainingTask Parse(ReadOnlySpan<string> arguments) =>
        new(arguments[0], arguments[1], int.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture), double.Parse(arguments[4], CultureInfo.InvariantCulture), arguments[5] == "nesterov", arguments[6] == "double");

    /// <summary>A text in the invariant culture.</summary>
    public static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>The class of a sample.</summary>
    public static int Label(int sample) => sample % Classes;

    /// <summary>Frees what reading the network left behind, and begins the peak of this process's memory anew where the system lets it: the steps count, not what led to them.</summary>
    public static void ForgetPeak()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux()) File.WriteAllText("/proc/self/clear_refs", "5");
    }

    /// <summary>Draws samples: uniform noise of variance 1 about a mean for each class and channel, so that there is something to learn.</summary>
    /// <param name="samples">Their numbers.</param>
    /// <param name="channels">The channels of a sample.</param>
    /// <param name="values">[samples, channels, …].</param>
    public static void Draw(ReadOnlySpan<int> samples, int channels, Span<float> values)
    {
        int plane = values.Length / samples.Length / channels;
        for (int i = 0; i < samples.Length; i++)
        {
            var random = new CounterRandom(samples[i]);
            for (int c = 0; c < channels; c++)
            {
                double mean = Math.Cos((2 * Math.PI * Label(samples[i]) / Classes) + c);
                foreach (ref float value in values.Slice(((i * channels) + c) * plane, plane)) value = (float)(mean + (Math.Sqrt(3) * ((2 * random.NextDouble()) - 1)));
            }
        }
    }
}
