using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ConvTransfer.Cli.Demo;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Programs;

/// <summary>The file-based programs of the folder "pipelines": each is compiled and tried as a user would.</summary>
public sealed class PipelineProgramTests
{
    // Compiling takes about 15 seconds on an idle machine; the limit is for one that hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Fact]
    public void FlowersFeaturesWritesATableAndItsFigures()
    {
        using var folder = new Pictures(perClass: 5);
        string output = Path.Combine(folder.Path, "features.csv");
        string printed = Run("flowers-features.cs", "--images", folder.Images, "--output", output);
        Assert.Contains("64 features of 20 pictures of 4 classes", printed);
        Assert.Contains("5 folds: accuracy", printed);
        string[] lines = File.ReadAllLines(output);
        Assert.Equal(21, lines.Length);
        Assert.StartsWith("file,label,f0,f1,", lines[0]);
        Assert.All(lines, l => Assert.Equal(66, l.Split(',').Length));
    }

    [Fact]
    public void FlowersFinetuneTrainsANetworkAndWritesTheFile()
    {
        using var folder = new Pictures(perClass: 5);
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Relu(net.Convolution(net.Input("pixels", 3, 32, 32), filters: 8, kernel: 5, stride: 2));
        string model = Path.Combine(folder.Path, "network.onnx"), output = Path.Combine(folder.Path, "model.onnx");
        OnnxFile.Write(net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 3)), model);
        string printed = Run("flowers-finetune.cs", "--images", folder.Images, "--model", model, "--epochs", "2", "--size", "32", "--output", output);
        Assert.Contains("of 4 held-out pictures", printed);
        using var served = TransferModel.Load(output);
        Assert.Equal(ShapePictures.Classes.Order(StringComparer.Ordinal), served.Labels);
    }

    [Fact]
    public void TrainFromScratchTrainsOnSheetsAndGoesOnFromItsCheckpoints()
    {
        using var folder = new TemporaryFolder();
        var lines = new List<string>();
        foreach (string name in (string[])["train-00.jpg", "test-00.jpg"])
        {
            // 8 x 5 tiles of 32 x 32, each of one colour of its class.
            using var sheet = new Tensor(ElementType.UInt8, new Shape(160, 256, 3));
            var pixels = sheet.AsSpan<byte>();
            for (int i = 0; i < pixels.Length; i++) pixels[i] = (byte)(90 * (((i / 3 % 256 / 32) + (i / 768 / 32)) % 3));
            PngWriter.Write(sheet, folder.Path(name));
            lines.Add($"{name}\t{string.Join(' ', Enumerable.Range(0, 40).Select(t => ((t % 8) + (t / 8)) % 3))}");
        }
        File.WriteAllLines(folder.Path("labels.txt"), lines);
        string[] arguments = ["--task", "resnet20", "--sheets", folder.Root, "--epochs", "2", "--checkpoints", folder.Path("checkpoints"), "--output", folder.Path("network.onnx")];
        string printed = Run("train-from-scratch.cs", arguments);
        Assert.Contains("40 pictures to train on, 40 held out, 3 classes", printed);
        Assert.Contains("of 40 held-out pictures of 32 x 32 pixels", printed);
        byte[] first = File.ReadAllBytes(folder.Path("network.onnx"));
        File.Delete(folder.Path("checkpoints/checkpoint-2"));
        Assert.DoesNotContain("epoch 1/2", Run("train-from-scratch.cs", arguments));
        Assert.Equal(first, File.ReadAllBytes(folder.Path("network.onnx")));
        // Another cycle begins with what the first one learnt.
        string further = Run("train-from-scratch.cs", "--task", "resnet20", "--sheets", folder.Root, "--epochs", "1", "--rate", "0.01", "--from", folder.Path("network.onnx"), "--output", folder.Path("further.onnx"));
        Assert.True(Loss(further, 1) < Loss(printed, 1), $"{printed}\n{further}");
        Assert.NotEqual(first, File.ReadAllBytes(folder.Path("further.onnx")));

        static double Loss(string printed, int epoch) => double.Parse(Regex.Match(printed, $@"(?m)^epoch {epoch}: loss ([0-9.]+)").Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private static string Run(string program, params string[] arguments)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ConvTransfer.sln"))) root = root.Parent ?? throw new InvalidOperationException("the repository was not found");
        var start = new ProcessStartInfo("dotnet", ["run", "-c", "Release", Path.Combine(root.FullName, "pipelines", program), "--", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        // What the test runner sets for its own build must not reach this one.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end within {Limit}");
        }
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{output.Result}\n{error.Result}");
        return output.Result;
    }

    /// <summary>A folder with drawn pictures, a folder for each class, that goes when the test ends.</summary>
    private sealed class Pictures : IDisposable
    {
        public Pictures(int perClass)
        {
            for (int i = 0; i < perClass * 4; i++)
            {
                string label = System.IO.Path.Combine(Images, ShapePictures.Classes[i % 4]);
                Directory.CreateDirectory(label);
                using var picture = ShapePictures.Draw(1, i, i % 4);
                PngWriter.Write(picture, System.IO.Path.Combine(label, $"{i}.png"));
            }
        }

        public string Path { get; } = Directory.CreateTempSubdirectory("convtransfer-program-").FullName;

        public string Images => System.IO.Path.Combine(Path, "images");

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
