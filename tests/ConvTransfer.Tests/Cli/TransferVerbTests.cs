using System.Text.Json;
using System.Text.Json.Nodes;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Pipelines;

namespace ConvTransfer.Tests.Cli;

/// <summary>The verbs from pictures to a classifier: what they refuse before the work, and what features writes.</summary>
public sealed class TransferVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("convtransfer-verbs-").FullName;
    private readonly PictureFolder _pictures = new(perClass: 3, classes: 2);

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        _pictures.Dispose();
    }

    private string Network()
    {
        string path = Path.Combine(_folder, "network.onnx");
        var net = new NetworkBuilder("small", seed: 2);
        string x = net.Convolution(net.Input("pixels", 3, 24, 24), filters: 6, kernel: 5, stride: 2);
        OnnxFile.Write(net.Build(net.Dense(net.Flatten(net.GlobalMaxPool(x)), units: 3)), path);
        return path;
    }

    private string[] Common(string verb) => [verb, "--model", Network(), "--images", _pictures.Path, "--recipe", "keras-tf:24"];

    [Fact]
    public void FeaturesWritesTextAndArrayAlike()
    {
        string csv = Path.Combine(_folder, "f.csv"), npy = Path.Combine(_folder, "f.npy");
        Assert.Equal(0, Invocation.Of([.. Common("features"), "--cut", "conv1.out", "--pool", "--output", csv]).ExitCode);
        var array = Invocation.Of([.. Common("features"), "--cut", "conv1.out", "--pool", "--output", npy, "--json"]);
        Assert.Equal(0, array.ExitCode);
        using var json = JsonDocument.Parse(array.Output);
        Assert.Equal((6, 6), (json.RootElement.GetProperty("images").GetInt32(), json.RootElement.GetProperty("features").GetInt32()));
        string[] lines = File.ReadAllLines(csv);
        Assert.Equal("file,label,f0,f1,f2,f3,f4,f5", lines[0]);
        using var tensor = NpyFile.Read(npy);
        Assert.Equal([6L, 6L], tensor.Shape.Dims.ToArray());
        for (int i = 0; i < 6; i++)
        {
            string[] fields = lines[i + 1].Split(',');
            Assert.Equal(i < 3 ? "circle" : "square", fields[1]);
            for (int k = 0; k < 6; k++) Assert.Equal(tensor.AsSpan<float>()[(i * 6) + k], float.Parse(fields[k + 2], System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void AFolderKeepsFeaturesForTheNextRun()
    {
        string cache = Path.Combine(_folder, "cache"), first = Path.Combine(_folder, "1.csv"), second = Path.Combine(_folder, "2.csv");
        foreach (string target in new[] { first, second }) Assert.Equal(0, Invocation.Of([.. Common("features"), "--cut", "conv1.out", "--pool", "--cache", cache, "--output", target]).ExitCode);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        Assert.Equal(6, Directory.GetFiles(cache, "*", SearchOption.AllDirectories).Length);
        Assert.Equal(2, Invocation.Of([.. Common("features"), "--cut", "conv1.out", "--cache", Path.Combine(_pictures.Path, "cache"), "--output", Path.Combine(_folder, "3.csv")]).ExitCode);
    }

    [Fact]
    public void OutputsThatExistAreRefusedBeforeTheWork()
    {
        string target = Path.Combine(_folder, "f.csv"), trained = Path.Combine(_folder, "trained");
        File.WriteAllText(target, "mine");
        Directory.CreateDirectory(trained);
        File.WriteAllText(Path.Combine(trained, "figures.json"), "mine");
        Assert.Equal(1, Invocation.Of([.. Common("features"), "--cut", "conv1.out", "--output", target]).ExitCode);
        Assert.Equal("mine", File.ReadAllText(target));
        Assert.Equal(1, Invocation.Of([.. Common("train"), "--cut", "conv1.out", "--output", trained]).ExitCode);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(trained, "figures.json")));
        Assert.False(File.Exists(Path.Combine(trained, "model.onnx")));
    }

    [Theory]
    [InlineData("--cut", "nothing", "--output", "f.csv")]
    [InlineData("--cut", "conv1.out", "--output", "f.txt")]
    [InlineData("--cut", "conv1.out", "--output", "f.csv", "--max-bad", "101")]
    [InlineData("--cut", "conv1.out", "--output", "f.csv", "--max-bad", "5", "--strict")]
    [InlineData("--cut", "flatten3.out", "--pool", "--output", "f.csv")]
    public void WrongUsageIsExitCodeTwo(params string[] rest) =>
        Assert.Equal(2, Invocation.Of([.. Common("features"), .. rest.Select(r => r.StartsWith("f.", StringComparison.Ordinal) ? Path.Combine(_folder, r) : r)]).ExitCode);

    [Fact]
    public void TwoWaysToTheFiguresAreWrongUsage() =>
        Assert.Equal(2, Invocation.Of([.. Common("train"), "--cut", "conv1.out", "--folds", "3", "--test-fraction", "0.5", "--output", Path.Combine(_folder, "t")]).ExitCode);

    [Fact]
    public void ANetworkIsNoTrainedModel()
    {
        string network = Network();
        Assert.Equal(1, Invocation.Of(["predict", "--model", network, Directory.GetFiles(_pictures.Path, "*.png", SearchOption.AllDirectories)[0]]).ExitCode);
        Assert.Equal(1, Invocation.Of(["evaluate", "--model", network, "--images", _pictures.Path]).ExitCode);
    }

    /// <summary>The whole way: train, evaluate on the same pictures, predict, and the same bytes again.</summary>
    [Fact]
    public void TrainEvaluateAndPredictAgree()
    {
        string one = Path.Combine(_folder, "one"), two = Path.Combine(_folder, "two");
        foreach (string output in new[] { one, two })
        {
            var trained = Invocation.Of([.. Common("train"), "--cut", "conv1.out", "--pool", "--folds", "3", "--seed", "5", "--output", output, "--json"]);
            Assert.True(trained.ExitCode == 0, trained.Error);
            using var figures = JsonDocument.Parse(trained.Output);
            Assert.InRange(figures.RootElement.GetProperty("accuracy").GetDouble(), 0, 1);
            Assert.Equal(3, figures.RootElement.GetProperty("folds").GetProperty("count").GetInt32());
        }
        foreach (string name in new[] { "model.onnx", "figures.json" }) Assert.Equal(File.ReadAllBytes(Path.Combine(one, name)), File.ReadAllBytes(Path.Combine(two, name)));

        string model = Path.Combine(one, "model.onnx");
        string[] files = [.. _pictures.Images.Items.Select(i => i.Path)];
        var predicted = Invocation.Of(["predict", "--model", model, .. files, "--json"]);
        Assert.True(predicted.ExitCode == 0, predicted.Error);
        using var predictions = JsonDocument.Parse(predicted.Output);
        var items = predictions.RootElement.GetProperty("predictions").EnumerateArray().ToArray();
        Assert.Equal(files, items.Select(p => p.GetProperty("file").GetString()));
        Assert.All(items, p => Assert.Equal(1, p.GetProperty("scores").EnumerateObject().Sum(s => s.Value.GetDouble()), 1e-5));
        int correct = items.Where((p, i) => p.GetProperty("label").GetString() == (i < 3 ? "circle" : "square")).Count();
        var evaluated = Invocation.Of(["evaluate", "--model", model, "--images", _pictures.Path, "--json"]);
        Assert.True(evaluated.ExitCode == 0, evaluated.Error);
        using var evaluation = JsonDocument.Parse(evaluated.Output);
        Assert.Equal(correct / 6.0, evaluation.RootElement.GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void LrFindPrintsTheCurveAndTheOptionsToTrainWith()
    {
        string target = Path.Combine(_folder, "rates.csv");
        string[] line = [.. Common("lr-find"), "--batch", "4", "--steps", "40", "--least", "1e-4", "--augment", "none", "--output", target];
        var text = Invocation.Of(line);
        Assert.True(text.ExitCode == 0, text.Error);
        Assert.Contains("suggested: --head-rate ", text.Output, StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(target);
        Assert.Equal("rate,loss,smoothed", lines[0]);
        Assert.Equal(1, Invocation.Of(line).ExitCode);
        var json = Invocation.Of([.. line, "--force", "--json"]).Json;
        Assert.Equal(lines.Length - 1, json["steps"]!.AsArray().Count);
        Assert.Equal((double)json["suggestion"]!, (double)json["headRate"]!, 1e-12);
        Assert.Equal(2, Invocation.Of([.. Common("lr-find"), "--least", "1", "--greatest", "0.1"]).ExitCode);
        Assert.Equal(2, Invocation.Of([.. Common("lr-find"), "--freeze-until", "nosuch"]).ExitCode);
    }

    // The hash of what is frozen is one that anyone can take of the source and of the result.
    [Fact]
    public void FinetuneGivesAHashThatInspectTakesOfTheSource()
    {
        string output = Path.Combine(_folder, "tuned");
        var tuned = Invocation.Of([.. Common("finetune"), "--cut", "conv1.out", "--pool", "--freeze", "conv1", "--epochs", "1", "--batch", "4", "--folds", "2", "--output", output, "--json"]);
        Assert.True(tuned.ExitCode == 0, tuned.Error);
        Assert.Contains("plan: everything of the network is frozen: only the new head is trained", tuned.Error, StringComparison.Ordinal);
        string[] names = [.. tuned.Json["frozen"]!["names"]!.AsArray().Select(n => (string)n!)];
        Assert.Equal(["conv1.weight", "conv1.bias"], names);
        string hash = (string)tuned.Json["frozen"]!["sha256"]!;
        Assert.Equal(hash, (string)JsonNode.Parse(File.ReadAllText(Path.Combine(output, "figures.json")))!["frozen"]!["sha256"]!);
        foreach (string file in (string[])[Path.Combine(_folder, "network.onnx"), Path.Combine(output, "network.onnx")])
        {
            string[] asked = ["inspect", file, .. names.SelectMany(n => new[] { "--hash", n })];
            Assert.Equal(hash, Invocation.Of(asked).Output.Trim());
            Assert.Equal(hash, (string)Invocation.Of([.. asked, "--json"]).Json["sha256"]!);
        }
        Assert.Equal(2, Invocation.Of("inspect", Path.Combine(_folder, "network.onnx"), "--hash", "nosuch").ExitCode);
    }

    // Every fold trains anew; what it warns of is said once.
    [Fact]
    public void AWarningIsSaidOnce()
    {
        var tuned = Invocation.Of([.. Common("finetune"), "--cut", "conv1.out", "--pool", "--epochs", "1", "--batch", "64", "--folds", "2", "--output", Path.Combine(_folder, "tuned")]);
        Assert.True(tuned.ExitCode == 0, tuned.Error);
        string[] warnings = [.. tuned.Error.Split('\n').Where(l => l.StartsWith("warning: ", StringComparison.Ordinal))];
        Assert.Equal(warnings.Distinct(), warnings);
        Assert.Contains("frozen", Invocation.Of([.. Common("finetune"), "--cut", "conv1.out", "--pool", "--freeze", "conv1", "--epochs", "1", "--batch", "64", "--folds", "2", "--output", Path.Combine(_folder, "other")]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ClassWeightsAreGivenByLabel()
    {
        string[] line = [.. Common("lr-find"), "--batch", "4", "--steps", "20", "--json"];
        string plain = Invocation.Of(line).Output, weighted = Invocation.Of([.. line, "--class-weights", "square=3"]).Output;
        Assert.NotEqual(plain, weighted);
        Assert.Equal(weighted, Invocation.Of([.. line, "--class-weights", "circle=1,square=3"]).Output);
        // Three pictures of either class: they are balanced as they are.
        Assert.Equal(plain, Invocation.Of([.. line, "--class-weights", "balanced"]).Output);
        foreach (string wrong in (string[])["triangle=2", "square", "square=0", "square=nan", "square=2,square=3", ""]) Assert.Equal(2, Invocation.Of([.. line, "--class-weights", wrong]).ExitCode);
    }

    [Fact]
    public void FinetuneUnfreezesAfterSoManyEpochs()
    {
        string[] line = [.. Common("finetune"), "--epochs", "3", "--freeze-until", "gmp2.out", "--json"];
        JsonNode Trained(string name, params string[] unfreeze)
        {
            var done = Invocation.Of([.. line, .. unfreeze, "--output", Path.Combine(_folder, name)]);
            Assert.True(done.ExitCode == 0, done.Error);
            return done.Json["trained"]!;
        }

        Assert.Empty(Trained("head").AsArray());
        Assert.Equal(["conv1.weight", "conv1.bias"], Trained("all", "--unfreeze", "2:none").AsArray().Select(w => (string?)w));
        Assert.Empty(Trained("still", "--unfreeze", "1:conv1.out", "--unfreeze", "2:conv1.out").AsArray());
        foreach (string wrong in (string[])["3:none", "0:none", "none", "x:none", "1:", "1:nosuch", "-1:none"]) Assert.Equal(2, Invocation.Of([.. line, $"--unfreeze={wrong}", "--output", Path.Combine(_folder, "wrong")]).ExitCode);
    }
}
