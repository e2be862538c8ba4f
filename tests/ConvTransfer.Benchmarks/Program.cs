using System.Globalization;
using ConvTransfer.Benchmarks;

switch (args)
{
    case ["compare", .. var rest]:
        return Compare.Run(rest);
    case ["measure", var engine, var file, var threads, var runs, var output]:
        return Measurement.Run(engine, file, int.Parse(threads, CultureInfo.InvariantCulture), int.Parse(runs, CultureInfo.InvariantCulture), output);
    case ["layers"]:
        LayerRates.Run(Console.Out);
        return 0;
    case ["kernels"]:
        KernelRates.Run(Console.Out);
        return 0;
    case ["gradients", var network, var threads]:
        return GradientRates.Run(network, int.Parse(threads, CultureInfo.InvariantCulture), Console.Out);
    case ["train", var network, var threads, var steps]:
        return TrainingRates.Run(network, int.Parse(threads, CultureInfo.InvariantCulture), int.Parse(steps, CultureInfo.InvariantCulture), Console.Out);
    default:
        Console.Error.WriteLine("usage: compare [MODEL…] [--threads 1,2] [--runs N] | layers | kernels | gradients NETWORK THREADS | train NETWORK THREADS STEPS");
        return 2;
}
