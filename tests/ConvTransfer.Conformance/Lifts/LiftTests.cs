using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Conformance.Lifts;

/// <summary>A lifted network gives what the old one gave: both in ONNX Runtime where it runs the old opset, else the old one by our reference.</summary>
public sealed class LiftTests
{
    public static TheoryData<string> Names => [.. LiftCases.All.Select(c => c.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public void ALiftedNodeMeansTheSame(string name)
    {
        var test = LiftCases.All.Single(c => c.ToString() == name);
        foreach (long opset in new long[] { 18, 21 })
        {
            var model = test.ToModel();
            var lifted = OpsetLift.LiftTo(model, opset);
            Assert.Equal(opset, lifted.Opset());
            var feeds = test.Feeds();
            var before = test.IsRunByOnnxRuntime ? Run(model, feeds) : ReferenceExecutor.Run(model, feeds.ToDictionary(f => f.Name, f => f.Value));
            var after = Run(lifted, feeds);
            Assert.Equal(before.Length, after.Length);
            for (int i = 0; i < before.Length; i++) Close(before[i], after[i]);
            foreach (var tensor in feeds.Select(f => f.Value).Concat(before).Concat(after)) tensor.Dispose();
        }
    }

    [Fact]
    public void EveryOldVersionHasItsCase()
    {
        var missing = new List<string>();
        foreach (var op in OperatorSet.Standard.All.Where(o => o.Schema.Domain.Length == 0))
        {
            foreach (int version in op.Schema.Since.Where(v => v < 18))
            {
                bool breaks = op.Schema.Breaking.Any(b => version < b && b <= 18) || op.Schema.RemovedIn is <= 18;
                if (breaks && !LiftCases.All.Any(c => c.Node.OpType == op.Schema.Name && op.Schema.VersionIn(c.Opset) == version)) missing.Add($"{op}-{version}");
            }
        }
        Assert.True(missing.Count == 0, $"no case for {string.Join(", ", missing)}");
    }

    private static Tensor[] Run(Model model, (string Name, Tensor Value)[] feeds)
    {
        // Without optimisation, so that a lift is not undone before it is looked at.
        using var runtime = new Yardstick(model, isOptimised: false);
        return runtime.Run(feeds);
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.ElementType, actual.ElementType);
        Assert.Equal(expected.Shape, actual.Shape);
        if (expected.ElementType == ElementType.Float32)
        {
            for (int i = 0; i < expected.ElementCount; i++)
            {
                float e = expected.AsSpan<float>()[i], a = actual.AsSpan<float>()[i];
                Assert.True(Math.Abs(e - a) <= 1e-6 * Math.Max(1, Math.Abs(e)), $"element {i} is {a}, expected {e}");
            }
        }
        else
        {
            Assert.Equal(expected.AsBytes().ToArray(), actual.AsBytes().ToArray());
        }
    }
}
