using System.Text.Json.Nodes;
using ConvTransfer.Cli;
using ConvTransfer.Core;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Tests.Common;
using ConvTransfer.Tests.Pipelines;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Cli;

/// <summary>Every option of finetune reaches the training, and what it says is what was done.</summary>
public sealed class FinetuneVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("convtransfer-finetune-").FullName;
    private readonly PictureFolder _pictures = new(perClass: 5, classes: 2);

    public FinetuneVerbTests()
    {
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Relu(net.BatchNormalization(net.Convolution(net.Input("pixels", 3, 24, 24), filters: 6, kernel: 5, stride: 2)));
        x = net.Relu(net.Convolution(x, filters: 8, kernel: 3));
        OnnxFile.Write(net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), units: 3)), Path.Combine(_folder, "network.onnx"));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _pictures.Dispose();
    }

    private Invocation Run(string output, params string[] options) => Invocation.Of(["finetune", "--model", Path.Combine(_folder, "network.onnx"), "--images", _pictures.Path, "--recipe", "keras-tf:24", "--json", "--output", Path.Combine(_folder, output), .. options]);

    private JsonObject Done(string output, params string[] options)
    {
        var run = Run(output, ["--epochs", "3", "--batch", "4", .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Json;
    }

    // Once only --cache was refused there: checkpoints in an output folder among the pictures became a class of their own when the call was resumed.
    [Theory]
    [InlineData("finetune")]
    [InlineData("train")]
    public void AnOutputAmongThePicturesIsRefused(string verb)
    {
        foreach (string output in (string[])["", "tuned", "circle/deep"])
        {
            string folder = Path.Combine(_pictures.Path, output);
            var run = Invocation.Of(verb, "--model", Path.Combine(_folder, "network.onnx"), "--images", _pictures.Path, "--recipe", "keras-tf:24", "--output", folder);
            Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
            Assert.Contains("lies among the pictures", run.Error, StringComparison.Ordinal);
        }
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(_pictures.Path).Count());
    }

    private byte[] Model(string output) => File.ReadAllBytes(Path.Combine(_folder, output, "model.onnx"));

    private static IEnumerable<string?> Texts(JsonObject json, string name) => json[name]!.AsArray().Select(w => (string?)w);

    [Theory]
    [InlineData("--freeze", "conv1")]
    [InlineData("--freeze-until", "relu3.out")]
    [InlineData("--train-last", "1")]
    [InlineData("--batch-norm", "train")]
    [InlineData("--batch-norm", "bn2=affine")]
    [InlineData("--restore-batch-norm")]
    [InlineData("--hidden", "4")]
    [InlineData("--dropout", "0.3")]
    [InlineData("--head-start", "lbfgs")]
    [InlineData("--pool-max")]
    [InlineData("--cut", "relu5.out")]
    [InlineData("--mixup", "0.4")]
    [InlineData("--cutmix", "1")]
    [InlineData("--augment", "light")]
    [InlineData("--augment", "none")]
    [InlineData("--views", "0")]
    [InlineData("--batch", "3")]
    [InlineData("--head-rate", "0.01")]
    [InlineData("--body-rate", "0.01")]
    [InlineData("--class-weights", "square=3")]
    [InlineData("--optimizer", "adam")]
    [InlineData("--optimizer", "sgd")]
    [InlineData("--weight-decay", "0.5")]
    [InlineData("--layer-decay", "0.5")]
    [InlineData("--label-smoothing", "0.2")]
    [InlineData("--clip-norm", "0.01")]
    [InlineData("--accumulate", "2")]
    [InlineData("--schedule", "one-cycle")]
    [InlineData("--schedule", "step")]
    [InlineData("--schedule", "constant")]
    [InlineData("--warm-up", "0")]
    [InlineData("--average", "0.9")]
    [InlineData("--head-epochs", "1")]
    [InlineData("--unfreeze", "2:none", "--freeze-until", "relu3.out")]
    [InlineData("--epochs", "4")]
    [InlineData("--seed", "9")]
    public void EveryOptionMakesAnotherNetwork(params string[] options)
    {
        Done("plain");
        // What is given twice counts as it was given last.
        string[] common = ["--epochs", "3", "--batch", "4"];
        var run = Run("other", [.. options.Contains("--epochs") ? common[2..] : options.Contains("--batch") ? common[..2] : common, .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.NotEqual(Model("plain"), Model("other"));
    }

    [Fact]
    public void MomentumIsForSgd()
    {
        Done("sgd", "--optimizer", "sgd");
        foreach (string[] options in (string[][])[["--nesterov"], ["--momentum", "0.5"]])
        {
            Done("other", ["--optimizer", "sgd", "--force", .. options]);
            Assert.NotEqual(Model("sgd"), Model("other"));
            Assert.Equal(2, Run("wrong", options).ExitCode);
        }
        Assert.Equal(2, Run("wrong", "--schedule", "one-cycle", "--warm-up", "1").ExitCode);
        Assert.Equal(2, Run("wrong", "--folds", "2", "--test-fraction", "0.5").ExitCode);
    }

    [Theory]
    [InlineData("", "conv1.weight,conv1.bias,conv4.weight,conv4.bias")]
    [InlineData("--freeze conv1", "conv4.weight,conv4.bias")]
    [InlineData("--freeze conv4.wei?ht", "conv1.weight,conv1.bias")]
    [InlineData("--freeze-until relu3.out", "conv4.weight,conv4.bias")]
    [InlineData("--train-last 1", "conv4.weight,conv4.bias")]
    [InlineData("--train-last 0", "")]
    [InlineData("--train-last 2 --batch-norm affine", "conv1.weight,conv1.bias,bn2.scale,bn2.shift,conv4.weight,conv4.bias")]
    [InlineData("--head-epochs 3", "")]
    public void WhatIsTrainedIsSaid(string options, string trained)
    {
        if (options.StartsWith("--head-epochs", StringComparison.Ordinal))
        {
            // As many epochs as there are leave none for the rest.
            Assert.Equal(2, Run("out", ["--epochs", "3", .. options.Split(' ')]).ExitCode);
            return;
        }
        var json = Done("out", options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(trained, string.Join(',', Texts(json, "trained")));
        Assert.Equal(3, json["epochs"]!.AsArray().Count);
    }

    [Fact]
    public void FiguresAreOfFoldsOrOfAPartThatIsHeldOut()
    {
        var folds = Done("folds", "--folds", "3");
        Assert.Equal(3, (int)folds["folds"]!["count"]!);
        var part = Done("part", "--test-fraction", "0.4");
        Assert.Equal(4, (int)part["images"]!);
        Assert.Equal((double)part["accuracy"]!, (double)JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "part", "figures.json")))!["accuracy"]!);
    }

    // One bad picture of eleven is within the share that is allowed, and far beyond it in the part that it would fall into: it is left out first, as in train.
    [Fact]
    public void ABadPictureIsLeftOutBeforeAnythingIsHeldOut()
    {
        string bad = _pictures.Spoil("circle", "zzz.png");
        string[] options = ["--epochs", "1", "--max-bad", "10", "--test-fraction", "0.4"];
        for (int seed = 0; seed < 4; seed++)
        {
            string[] seeded = [.. options, "--seed", $"{seed}"];
            var tuned = Run($"tuned{seed}", seeded);
            Assert.True(tuned.ExitCode == 0, tuned.Error);
            var skipped = Assert.Single(tuned.Json["skipped"]!.AsArray());
            Assert.Equal(bad, (string?)skipped!["file"]);
            Assert.Equal(4, (int)tuned.Json["images"]!);
            Assert.Single(tuned.Error.Split('\n'), line => line.Contains("is left out", StringComparison.Ordinal));
        }
        Assert.Equal(1, Run("refused", "--epochs", "1", "--max-bad", "5").ExitCode);
    }

    [Fact]
    public void ThePlanComesFirst()
    {
        var run = Run("plan", "--epochs", "1", "--freeze-until", "relu3.out");
        Assert.Contains("weights to train", run.Error.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("plan: the frozen part takes", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAModelItIsTheOneThatIsBuiltIn()
    {
        var run = Invocation.Of("finetune", "--images", _pictures.Path, "--epochs", "1", "--train-last", "0", "--json", "--output", Path.Combine(_folder, "builtin"));
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.NotEmpty(Texts(run.Json, "unchanged"));
    }

    [Fact]
    public void ATrainingSaysHowItGoes()
    {
        var reports = new List<ProgressReport>();
        var lines = new List<string>();
        var reporter = new TrainingReporter(new Immediate<ProgressReport>(reports.Add), lines.Add);
        void Report(int epoch, int batch, double loss, double seconds) => reporter.Report(new TrainingProgress(epoch, 3, batch, 2, 0.00125, loss, 321.4, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(65)));
        Report(1, 1, 2, 1.5);
        Report(1, 2, 1, 3);
        Report(2, 1, 0.5, 3.5);
        Report(2, 2, 0.5, 4);
        Report(3, 2, 0.25, 9);
        Assert.Equal([1L, 2, 3, 4, 6], reports.Select(r => r.Done));
        Assert.Equal("epoch 1/3, rate 0.00125, loss 1.5000, 321 pictures/s", reports[1].Detail);
        // The second epoch ends within two seconds of the first.
        Assert.Equal(["training: epoch 1/3, rate 0.00125, loss 1.5000, 321 pictures/s, 00:01:05 left", "training: epoch 3/3, rate 0.00125, loss 0.4167, 321 pictures/s, 00:01:05 left"], lines);
        // Another training begins.
        Report(1, 2, 1, 2.5);
        Assert.Equal(3, lines.Count);
    }
}
