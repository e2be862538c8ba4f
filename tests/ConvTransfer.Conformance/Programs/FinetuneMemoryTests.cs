using System.Diagnostics;
using System.Text.Json.Nodes;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Programs;

/// <summary>A fine-tuning takes no more memory than it says before it starts: the process's peak is at most 1.15 times the plan and 250 MiB, which are for the program, the network's file and pictures that are decoded.</summary>
public sealed class FinetuneMemoryTests
{
    // From nearly all of it frozen to nothing frozen, where the activations of whole batches are most of the plan.
    [SharedTheory]
    [InlineData("squeezenet", "--recipe", "caffe", "--freeze-until", "fire9/concat_1", "--views", "8")]
    [InlineData("squeezenet", "--recipe", "caffe", "--batch", "32")]
    [InlineData("", "--recipe", "keras-tf:56", "--train-last", "2", "--batch", "8")]
    [InlineData("", "--recipe", "keras-tf:56", "--batch", "8")]
    public void TheProcesssPeakIsWithinThePlan(string folder, params string[] options)
    {
        using var output = new TemporaryFolder();
        string images = output.Path("images");
        foreach (string label in (string[])["daisy", "roses"])
        {
            Directory.CreateDirectory(Path.Combine(images, label));
            foreach (string file in Directory.EnumerateFiles(SharedMaterial.Path("data", "flowers", label)).Order(StringComparer.Ordinal).Take(20)) File.Copy(file, Path.Combine(images, label, Path.GetFileName(file)));
        }
        string model = folder.Length > 0 ? SharedMaterial.Path("models", folder, "model.onnx") : output.Path("wide.onnx");
        if (folder.Length == 0) WriteWideNetwork(model);
        string[] arguments = ["finetune", "--model", model, "--images", images, "--epochs", "1", "--threads", "2", "--json", "--output", output.Path("tuned"), .. options];
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "convtransfer"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> said = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(20))
        {
            try
            {
                process.Refresh();
                peak = Math.Max(peak, process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                // It ended in between.
            }
        }
        Assert.True(process.ExitCode == 0, error.Result);
        long plan = (long)JsonNode.Parse(said.Result)!["plan"]!["bytes"]!;
        Assert.True(peak <= (1.15 * plan) + (250 << 20), $"the process took {peak >> 20} MiB at its peak; planned were {plan >> 20} MiB");
    }

    // 12 million weights, 48 MB: copies of them would show.
    private static void WriteWideNetwork(string path)
    {
        var net = new NetworkBuilder("wide", seed: 2);
        string x = net.Relu(net.Convolution(net.Input("pixels", 3, 56, 56), filters: 512, kernel: 3, stride: 8, padding: 1));
        for (int i = 0; i < 5; i++) x = net.Relu(net.BatchNormalization(net.Convolution(x, filters: 512, kernel: 3, padding: 1, bias: false)));
        OnnxFile.Write(net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 3)), path);
    }
}
