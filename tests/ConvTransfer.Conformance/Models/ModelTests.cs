using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Models;

/// <summary>Real networks with trained weights give the outputs that ONNX Runtime gave without optimisation.</summary>
public sealed class ModelTests
{
    private static readonly string[] Float32 = ["squeezenet", "mnist-cntk", "mnist-bn-pytorch", "cifar10-pytorch", "cifar10-resnet4b", "mobilenetv2-035-tf2onnx", "ultraface-bn"];

    private static string Folder(string name) => Path.Combine(SharedMaterial.Path("models"), name);

    /// <summary>The networks that compute in float32.</summary>
    public static TheoryData<string> Float32Names => [.. Float32];

    /// <summary>All of them.</summary>
    public static TheoryData<string> Names => [.. Float32, "squeezenet-fp16"];

    /// <summary>The networks that are small enough to be cut at every value, or run node by node.</summary>
    public static TheoryData<string> SmallNames => ["mnist-cntk", "mnist-bn-pytorch", "cifar10-pytorch", "cifar10-resnet4b"];

    [SharedTheory]
    [MemberData(nameof(Float32Names))]
    public void GivesItsRecordedOutputs(string name)
    {
        var result = new ConformanceRunner { RelativeTolerance = 1e-3, AbsoluteTolerance = 1e-5, Threads = 2 }.Run(new ConformanceCase(name, Folder(name)));
        Assert.Equal((ConformanceOutcome.Passed, ""), (result.Outcome, result.Detail));
    }

    [SharedTheory]
    [MemberData(nameof(SmallNames))]
    public void GivesItsRecordedOutputsNodeByNode(string name)
    {
        var result = new ConformanceRunner { RelativeTolerance = 1e-3, AbsoluteTolerance = 1e-5, NodeByNode = true }.Run(new ConformanceCase(name, Folder(name)));
        Assert.Equal((ConformanceOutcome.Passed, ""), (result.Outcome, result.Detail));
    }

    // Computed in float32 between the nodes, where the recording rounded every value to float16.
    [SharedFact]
    public void TheFloat16NetworkIsNearItsRecordedOutput()
    {
        using var recorded = OnnxTensorFile.Read(Path.Combine(Folder("squeezenet-fp16"), "test_data_set_0", "output_0.pb")).Tensor;
        var outputs = Run("squeezenet-fp16", threads: 2);
        float[] actual = Array.ConvertAll(outputs[0].AsSpan<Half>().ToArray(), v => (float)v), expected = Array.ConvertAll(recorded.AsSpan<Half>().ToArray(), v => (float)v);
        outputs[0].Dispose();
        Assert.Equal(Array.IndexOf(expected, expected.Max()), Array.IndexOf(actual, actual.Max()));
        Assert.InRange(actual.Zip(expected, (a, e) => MathF.Abs(a - e)).Max(), 0, 5e-3f);
    }

    [SharedTheory]
    [MemberData(nameof(Names))]
    public void BitsDoNotDependOnThreadsOrOnWhatRanBefore(string name)
    {
        var expected = Run(name, threads: 1);
        foreach (var (threads, poisoned) in new[] { (2, false), (3, true) }) AssertSameBits(expected, Run(name, threads, poisoned), $"{threads} threads");
        foreach (var tensor in expected) tensor.Dispose();
    }

    [SharedFact]
    public void TheValueBeforeTheClassifierIsTheRecordedOne()
    {
        const string Value = "fire9/concat_1";
        using var recorded = OnnxTensorFile.Read(Path.Combine(Folder("squeezenet"), "fire9-concat_1.pb")).Tensor;
        var cut = Run("squeezenet", threads: 2, edit: m => m with { Graph = m.Graph.CutAt(Value) });
        // Rectified sums of terms up to the largest value: near zero they differ by a part of that one.
        float largest = recorded.AsSpan<float>().ToArray().Max(MathF.Abs);
        Assert.Null(TensorComparison.Difference(cut[0], recorded, 0, 1e-4 * largest));
        // Law L8 on a real network: the output of the whole is asked for beside it.
        var asked = Run("squeezenet", threads: 2, outputs: [Value, "softmaxout_1"]);
        AssertSameBits([asked[0]], cut, Value);
        foreach (var tensor in asked) tensor.Dispose();
    }

    [SharedTheory]
    [MemberData(nameof(SmallNames))]
    public void ACutAtAnyValueGivesTheBitsOfTheWhole(string name)
    {
        var model = OnnxFile.Read(Path.Combine(Folder(name), "model.onnx"));
        string result = model.Graph.Outputs[0].Name;
        foreach (string value in model.Graph.Nodes.SelectMany(n => n.Outputs).Where(v => v.Length > 0))
        {
            var asked = Run(name, threads: 1, outputs: value == result ? [value] : [value, result]);
            AssertSameBits([asked[0]], Run(name, threads: 1, edit: m => m with { Graph = m.Graph.CutAt(value) }), value);
            foreach (var tensor in asked) tensor.Dispose();
        }
    }

    private static Tensor[] Run(string name, int threads, bool poisoned = false, string[]? outputs = null, Func<Model, Model>? edit = null)
    {
        var model = OnnxFile.Read(Path.Combine(Folder(name), "model.onnx"));
        using var planner = new Planner(edit is null ? model : edit(model), outputs);
        using var session = planner.CreateSession(threads);
        session.PoisonArena = poisoned;
        if (planner.Inputs.Count == 0) return session.Run([]);
        using var input = OnnxTensorFile.Read(Path.Combine(Folder(name), "test_data_set_0", "input_0.pb")).Tensor;
        return session.Run(input);
    }

    // Disposes what it compares.
    private static void AssertSameBits(Tensor[] expected, Tensor[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].AsBytes().SequenceEqual(actual[i].AsBytes()), $"{what}: output {i}");
            actual[i].Dispose();
        }
    }
}
