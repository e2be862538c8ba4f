using ConvTransfer.Cli;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Cli;

public sealed class DiffTests
{
    [SharedFact]
    public void AFileIsLikeItself()
    {
        string path = SharedMaterial.Path("models", "mnist-cntk", "model.onnx");
        Assert.Equal(ExitCode.Done, Invocation.Of("diff", path, path).ExitCode);
        var json = Invocation.Of("diff", path, path, "--json");
        Assert.True((bool?)json.Json["equal"]);
    }

    [SharedFact]
    public void TwoFilesDifferLineByLine()
    {
        string good = SharedMaterial.Path("faults", "M00-good.onnx"), other = SharedMaterial.Path("faults", "M44-conv-group-0.onnx");
        var plain = Invocation.Of("diff", good, other);
        Assert.Equal(ExitCode.Failed, plain.ExitCode);
        Assert.Contains("conv1", plain.Output, StringComparison.Ordinal);
        Assert.Contains("group", plain.Output, StringComparison.Ordinal);
        var json = Invocation.Of("diff", good, other, "--json");
        Assert.False((bool?)json.Json["equal"]);
        Assert.Equal(plain.Output.Trim().Split('\n').Length, json.Json["differences"]!.AsArray().Count);
    }
}
