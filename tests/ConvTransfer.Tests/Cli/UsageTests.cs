using System.Text.Json.Nodes;
using ConvTransfer.Cli;
using ConvTransfer.Cli.Verbs;
using ConvTransfer.Core;

namespace ConvTransfer.Tests.Cli;

/// <summary>Rows C01, C02 and C09 of the catalogue of bad input: wrong usage, inputs that are not there, and JSON on errors too.</summary>
public sealed class UsageTests
{
    public static TheoryData<string> VerbNames => [.. VerbList.All.Select(v => v.Name)];

    [Theory]
    [InlineData("")]
    [InlineData("no-such-verb")]
    [InlineData("diff a.onnx")]
    [InlineData("diff a.onnx b.onnx c.onnx")]
    [InlineData("check m.onnx --no-such-option")]
    [InlineData("check m.onnx --threads", "--threads")]
    [InlineData("check m.onnx --threads -1", "--threads", "0 to 1024")]
    [InlineData("check m.onnx --threads 1e9", "--threads", "0 to 1024")]
    [InlineData("check m.onnx --memory-limit nan", "--memory-limit", "bytes")]
    [InlineData("run m.onnx")]
    [InlineData("convert m.onnx", "--output")]
    [InlineData("conformance d --rtol nan", "--rtol", "from 0 to 1")]
    [InlineData("bench m.onnx --runs 0", "--runs", "1 to 1000000")]
    public void WrongUsageEndsWith2AndSaysWhatIsAllowed(string line, params string[] words)
    {
        string[] args = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var plain = Invocation.Of(args);
        Assert.Equal((ExitCode.WrongUsage, ""), (plain.ExitCode, plain.Output));
        Assert.All(words, w => Assert.Contains(w, plain.Error, StringComparison.Ordinal));
        Assert.Contains("--help", plain.Error, StringComparison.Ordinal);

        var json = Invocation.Of([.. args, "--json"]);
        Assert.Equal(ExitCode.WrongUsage, json.ExitCode);
        Assert.Equal("Usage", (string?)json.Json["error"]!["cause"]);
    }

    [Theory]
    [MemberData(nameof(VerbNames))]
    public void EveryVerbHasHelpWithAnExample(string verb)
    {
        var help = Invocation.Of(verb, "--help");
        Assert.Equal((ExitCode.Done, ""), (help.ExitCode, help.Error));
        Assert.Contains("Example", help.Output, StringComparison.Ordinal);
        Assert.Contains($"convtransfer {verb}", help.Output[help.Output.IndexOf("Example", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains("--json", help.Output, StringComparison.Ordinal);
        // A default stands once, and only where there is one: --train-last said 0 and meant that all is trained.
        Assert.DoesNotContain(help.Output.Split('\n'), l => l.Contains("Default", StringComparison.Ordinal) && l.Contains("[default: ", StringComparison.Ordinal));
        Assert.DoesNotContain(help.Output.Split('\n'), l => l.TrimStart().Split(' ')[0] is "--train-last" or "--folds" or "--l2" && l.Contains("[default: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("not/there.onnx", "does not exist")]
    [InlineData(".", "folder")]
    public void AnInputThatCannotBeReadIsNamedWithTheReason(string path, string reason)
    {
        var plain = Invocation.Of("check", path);
        Assert.Equal((ExitCode.Failed, ""), (plain.ExitCode, plain.Output));
        Assert.Contains(path, plain.Error, StringComparison.Ordinal);
        Assert.Contains(reason, plain.Error, StringComparison.Ordinal);

        var error = Assert.IsType<JsonObject>(Invocation.Of("check", path, "--json").Json["error"]);
        Assert.Equal(["cause", "message", "file", "node"], error.Select(p => p.Key));
        Assert.Equal((nameof(FailureCause.ModelFormat), path), ((string?)error["cause"], (string?)error["file"]));
    }

    [Fact]
    public void ANameThatBeginsLikeAResponseFileIsAFile() => Assert.Contains("@args: the file does not exist", Invocation.Of("check", "@args").Error, StringComparison.Ordinal);
}
