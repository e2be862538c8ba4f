using System.Globalization;
using ConvTransfer.Benchmarks;
using ConvTransfer.Tests.Common;

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
    case ["train", .. var rest]:
        return TrainingRates.Run(rest);
    case ["train-compare", .. var rest]:
        return TrainingDifferences.Run(rest);
    case ["train-ours", .. { Length: TrainingTask.Arguments } task]:
        return SteppedTraining.Run(TrainingTask.Parse(task));
    case ["soak", .. var rest]:
        return Soak.Run(rest is [var epochs] ? int.Parse(epochs, CultureInfo.InvariantCulture) : 1000, Console.Out);
    default:
        Console.Error.WriteLine("usage: compare [MODEL…] [--threads 1,2] [--runs N] | layers | kernels | gradients NETWORK THREADS | train [NETWORK…] [--threads 1,2] [--steps N] [--alone] | train-compare [NETWORK…] [--steps N] [--batch N] [--size N] [--rate R] [--threads N] [--nesterov] [--exact] | soak [EPOCHS]");
        return 2;
}
