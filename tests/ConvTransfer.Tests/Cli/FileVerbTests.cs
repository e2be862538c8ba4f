using ConvTransfer.Cli;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Common;
using ConvTransfer.Tests.Runtime;

namespace ConvTransfer.Tests.Cli;

/// <summary>The verbs that write files, and rows C03, C04 and C09 of the catalogue of bad input.</summary>
public sealed class FileVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public FileVerbTests()
    {
        _model = _folder.Path("model.onnx");
        OnnxFile.Write(SmallNetworks.ConvolutionAsClassifier, _model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void RunTakesAndGivesTensorFiles()
    {
        using var image = TruncationTests.Image();
        NpyFile.Write(_folder.Path("image.npy"), image);
        OnnxTensorFile.Write(_folder.Path("image.pb"), "whatever", image);
        var expected = TruncationTests.Run(SmallNetworks.ConvolutionAsClassifier, image)[0].AsBytes().ToArray();
        foreach (string file in new[] { "image.npy", "image.pb" })
        {
            var run = Invocation.Of("run", _model, "--input", $"image={_folder.Path(file)}", "--output-dir", _folder.Path("results"), "--json", "--force");
            Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
            Assert.Equal("scores", (string?)run.Json["outputs"]![0]!["name"]);
            var (name, scores) = OnnxTensorFile.Read(_folder.Path("results/output_0.pb"));
            Assert.Equal("scores", name);
            Assert.Equal(expected, scores.AsBytes().ToArray());
            scores.Dispose();
        }
    }

    [Theory]
    [InlineData(ExitCode.Failed, "'image' of type float [1, 3, 8, 8] is not given")]
    [InlineData(ExitCode.WrongUsage, "names no input", "--input", "other=image.npy")]
    [InlineData(ExitCode.WrongUsage, "neither in .pb nor in .npy", "--input", "image=image.txt")]
    [InlineData(ExitCode.WrongUsage, "twice", "--input", "image=a.npy", "--input", "image=b.npy")]
    [InlineData(ExitCode.Failed, "does not exist", "--input", "image=not-there.npy")]
    public void RunNeedsItsInputs(int code, string words, params string[] inputs)
    {
        var run = Invocation.Of(["run", _model, "--output-dir", _folder.Path("results"), .. inputs]);
        Assert.Equal((code, ""), (run.ExitCode, run.Output));
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Equal(["model.onnx"], _folder.Names());
    }

    [Fact]
    public void ConvertCutsPoolsAndOpensTheBatch()
    {
        string target = _folder.Path("trunk.onnx");
        var run = Invocation.Of("convert", _model, "--output", target, "--cut", "last-conv", "--pool", "--dynamic-batch");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        var cut = OnnxFile.Read(target);
        Assert.Equal("float [N, 4]", cut.Graph.Outputs.Single().Type!.ToString());
        Assert.Equal("float [N, 3, 8, 8]", cut.Graph.Inputs.Single().Type!.ToString());
    }

    [Fact]
    public void ConvertWithoutChangesWritesTheSameBytes()
    {
        Assert.Equal(ExitCode.Done, Invocation.Of("convert", _model, "--output", _folder.Path("copy.onnx")).ExitCode);
        Assert.Equal(File.ReadAllBytes(_model), File.ReadAllBytes(_folder.Path("copy.onnx")));
    }

    [Theory]
    [InlineData("--pool", "--pool needs --cut")]
    [InlineData("--cut nowhere", "'nowhere' is made by no node")]
    [InlineData("--cut scores --pool", "no spatial axes")]
    public void AWrongCutIsWrongUsage(string options, string words)
    {
        var run = Invocation.Of(["convert", _model, "--output", _folder.Path("cut.onnx"), .. options.Split(' ')]);
        Assert.Equal((ExitCode.WrongUsage, ""), (run.ExitCode, run.Output));
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", run.Error, StringComparison.Ordinal);
        Assert.Equal(["model.onnx"], _folder.Names());
    }

    [Fact]
    public void AnExistingOutputNeedsForce()
    {
        string target = _folder.Path("out.onnx");
        File.WriteAllText(target, "precious");
        var refused = Invocation.Of("convert", _model, "--output", target);
        Assert.Equal(ExitCode.Failed, refused.ExitCode);
        Assert.Contains("--force", refused.Error, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(target));
        Assert.Equal(ExitCode.Done, Invocation.Of("convert", _model, "--output", target, "--force").ExitCode);
        Assert.Equal(File.ReadAllBytes(_model), File.ReadAllBytes(target));
    }

    [Theory]
    [InlineData("same")]
    [InlineData("link")]
    [InlineData("hard link")]
    public void AnInputIsNeverTheOutput(string kind)
    {
        string target = kind == "same" ? _model : _folder.Path("alias.onnx");
        if (kind == "link") File.CreateSymbolicLink(target, _model);
        else if (kind == "hard link") System.Diagnostics.Process.Start("ln", [_model, target]).WaitForExit();
        byte[] before = File.ReadAllBytes(_model);
        var run = Invocation.Of("convert", _model, "--output", target, "--force");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("never overwritten", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_model));
    }

    [Theory]
    [InlineData("not/there/out.onnx", "does not exist")]
    [InlineData(".", "folder")]
    public void AnOutputThatCannotBeIsRefusedAtOnce(string name, string words)
    {
        var run = Invocation.Of("convert", "not-read.onnx", "--output", _folder.Path(name), "--json");
        Assert.Equal((ExitCode.Failed, ""), (run.ExitCode, run.Error));
        Assert.Equal("Output", (string?)run.Json["error"]!["cause"]);
        Assert.Contains(words, (string?)run.Json["error"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public void InspectSaysTheSameInBothForms()
    {
        var json = Invocation.Of("inspect", _model, "--json").Json;
        Assert.Equal((208, 208 * 16), ((int?)json["parameters"], (int?)json["multiplyAdds"]));
        Assert.Equal(8, json["layers"]!.AsArray().Count);
        string text = Invocation.Of("inspect", _model).Output;
        foreach (string word in new[] { "stem", "[1, 4, 4, 4]", "7x7", "208", "3,328", "ai.onnx 13", "penultimate, last-conv" }) Assert.Contains(word, text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void BenchGivesTheTimePerImage()
    {
        var json = Invocation.Of("bench", _model, "--runs", "3", "--threads", "1", "--json").Json;
        Assert.True((double?)json["minMs"] > 0 && (double?)json["medianMs"] >= (double?)json["minMs"]);
        Assert.Equal((1, 1, 3), ((int?)json["batch"], (int?)json["threads"], (int?)json["runs"]));
        Assert.Contains("--dynamic-batch", Invocation.Of("bench", _model, "--batch", "4").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ConformanceCountsAndEndsWithTheCounts()
    {
        string set = Directory.CreateDirectory(_folder.Path("cases/good/test_data_set_0")).FullName;
        File.Copy(_model, _folder.Path("cases/good/model.onnx"));
        using var image = TruncationTests.Image();
        using var scores = TruncationTests.Run(SmallNetworks.ConvolutionAsClassifier, image)[0];
        OnnxTensorFile.Write(Path.Combine(set, "input_0.pb"), "", image);
        OnnxTensorFile.Write(Path.Combine(set, "output_0.pb"), "", scores);
        var good = Invocation.Of("conformance", _folder.Path("cases/good"));
        Assert.Equal((ExitCode.Done, "1 passed, 0 failed, 0 unsupported\n"), (good.ExitCode, good.Output.ReplaceLineEndings("\n")));
        scores.AsSpan<float>()[2] += 1;
        OnnxTensorFile.Write(Path.Combine(set, "output_0.pb"), "", scores);
        var bad = Invocation.Of("conformance", _folder.Path("cases"), "--json");
        Assert.Equal(ExitCode.Failed, bad.ExitCode);
        Assert.Equal((0, 1, 0), ((int?)bad.Json["passed"], (int?)bad.Json["failed"], (int?)bad.Json["unsupported"]));
        Assert.Equal(ExitCode.Done, Invocation.Of("conformance", _folder.Path("cases/good"), "--atol", "2").ExitCode);
    }
}
