using System.Diagnostics;
using System.Globalization;
using ConvTransfer.Cli.Demo;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using ConvTransfer.Training;

namespace ConvTransfer.Benchmarks;

/// <summary>A long fine-tuning on few pictures: does the process's memory stay flat? Row T24 of the catalogue of faults.</summary>
internal static class Soak
{
    private const int Lines = 10;
    private const long Allowed = 5 << 20;

    /// <summary>Trains for so many epochs, and prints the process's memory as it goes.</summary>
    /// <returns>0 where the second half takes at most 5 MiB more than there was in the middle.</returns>
    public static int Run(int epochs, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("convtransfer-soak-").FullName;
        try
        {
            for (int i = 0; i < 32; i++)
            {
                string label = ShapePictures.Classes[i % 2];
                Directory.CreateDirectory(Path.Combine(folder, label));
                using var picture = ShapePictures.Draw(1, i, i % 2);
                PngWriter.Write(picture, Path.Combine(folder, label, $"{i:000}.png"));
            }
            var memory = new long[epochs + 1];
            var pipeline = TransferPipeline.FromPretrained().WithoutHead().Freeze(FreezeRule.AllButLast(2))
                .FineTune(new FineTuneOptions { Epochs = epochs, BatchSize = 8, BatchNormalization = BatchNormalizationPolicy.Train, AverageDecay = 0.99 })
                .SaveCheckpoints(new FineTuneCheckpoints(Path.Combine(folder, "checkpoints")));
            using var tuned = pipeline.Fit(ImageDataset.FromFolder(folder), training: new Watch(memory, output));
            long grown = memory[epochs] - memory[epochs / 2];
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epochs {epochs / 2} to {epochs}: {grown / 1048576.0:+0.0;-0.0} MiB, allowed are {Allowed / 1048576.0:0} MiB"));
            return grown <= Allowed ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Watch(long[] memory, TextWriter output) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Batch < value.Batches) return;
            // What is garbage is no growth.
            if (value.Epoch % Math.Max(1, value.Epochs / Lines) == 0) GC.Collect();
            using var process = Process.GetCurrentProcess();
            memory[value.Epoch] = process.WorkingSet64;
            if (value.Epoch % Math.Max(1, value.Epochs / Lines) == 0) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {value.Epoch,6}  {memory[value.Epoch] / 1048576.0,8:0.0} MiB  loss {value.Loss:0.0000}"));
        }
    }
}
