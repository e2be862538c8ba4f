using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>What counts as a layer, how deep it lies, and which layer is named first where a number is not finite.</summary>
public sealed class LayerTests
{
    // Two dense layers as some exporters write them: a product, and a sum that is its bias.
    private static Model Dense()
    {
        static TensorData Weight(string name, params long[] dims) => TensorData.From<float>(name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate((a, b) => a * b)).Select(i => 0.1f * (i % 7))]);
        return new Model(new Graph
        {
            Name = "dense",
            Inputs = [new ValueInfo("image", new TensorType(ElementType.Float32, [Dim.Of("N"), 3, 6, 6]))],
            Outputs = [new ValueInfo("logits", new TensorType(ElementType.Float32, [Dim.Of("N"), SmallTraining.Classes]))],
            Nodes =
            [
                new Node("Flatten", ["image"], ["flat"]),
                new Node("MatMul", ["flat", "w1"], ["p1"]), new Node("Add", ["p1", "b1"], ["s1"]), new Node("Relu", ["s1"], ["r1"]),
                new Node("MatMul", ["r1", "w2"], ["p2"]), new Node("Add", ["b2", "p2"], ["logits"]),
            ],
            Initializers = [Weight("w1", 108, 4), Weight("b1", 4), Weight("w2", 4, 3), Weight("b2", 3)],
        }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 17)] };
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "w2,b2")]
    [InlineData(2, "w1,b1,w2,b2")]
    public void ABiasCountsWithItsLayer(int last, string trained)
    {
        var layers = TrainableLayers.Of(Dense(), [FreezeRule.AllButLast(last)], new HashSet<string>(), Limits.Default);
        Assert.Equal(trained, string.Join(',', layers.All.Where(l => l.IsTrained).SelectMany(l => l.Parameters)));
    }

    [Fact]
    public void ABiasAndANormalizationLieAsDeepAsTheirLayer()
    {
        Assert.Equal(["w1 1", "b1 1", "w2 0", "b2 0"], Depths(Dense()));
        var network = SmallTraining.Network();
        Assert.Equal(["conv1.weight 2", "bn2.scale 2", "conv4.weight 1", $"{network.Graph.Nodes[^1].Inputs[1]} 0"], Depths(network));

        static IEnumerable<string> Depths(Model model) => TrainableLayers.Of(model, [], new HashSet<string>(), Limits.Default).All.Select(l => $"{l.Parameters[0]} {l.Depth}");
    }

    // The normalization is not trained here: it makes the convolution before it no deeper.
    [Theory]
    [InlineData(BatchNormalizationPolicy.Frozen)]
    [InlineData(BatchNormalizationPolicy.Train)]
    public void RatesFallWithDepth(BatchNormalizationPolicy policy)
    {
        var network = SmallTraining.Network();
        var head = network.Graph.Nodes[^1].Inputs.Skip(1).ToValueList();
        using var trainer = new Trainer(network, [], SmallTraining.Options with { BatchNormalization = policy, BodyRate = 0.5, HeadRate = 0.25, LayerDecay = 0.5 }, new TrainerOptions { HeadWeights = head });
        var rates = trainer.TrainedWeights.Zip(trainer.Rates()).ToDictionary(r => r.First, r => r.Second);
        Assert.Equal((0.5, 0.25, 0.25), (rates["conv4.weight"], rates["conv1.weight"], rates[head[0]]));
        Assert.Equal(policy == BatchNormalizationPolicy.Frozen ? 0 : 0.25, rates.GetValueOrDefault("bn2.scale"));
    }

    [Fact]
    public void ExactNamesFreezeTheirLayersAndMustAllBeThere()
    {
        var layers = TrainableLayers.Of(SmallTraining.Network(), [FreezeRule.Exactly("conv1.bias", "conv4.out")], new HashSet<string>(), Limits.Default);
        Assert.Equal(["conv1.weight", "conv4.weight"], layers.All.Where(l => l.IsFrozen).Select(l => l.Parameters[0]));
        var e = Assert.Throws<ArgumentException>(() => TrainableLayers.Of(SmallTraining.Network(), [FreezeRule.Exactly("conv1", "conv*")], new HashSet<string>(), Limits.Default));
        Assert.Contains("'conv*'", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => FreezeRule.Exactly());
    }

    // All values at once need more than the arena of a run: where that is too much, fewer are asked for at a time, and the answer is the same.
    [Fact]
    public void TheFirstLayerThatIsNotFiniteIsFoundWithLittleMemory()
    {
        // So many that the values outweigh the working memory of a step, which is the same for any number.
        const int Batch = 40;
        using var trainer = new Trainer(SmallTraining.Network(), [], SmallTraining.Options with { BatchSize = Batch }, new TrainerOptions());
        trainer.Step.Frontier[0].AsSpan<float>().Fill(1);
        trainer.Weights.All[Array.IndexOf(trainer.Weights.Names, "conv4.weight")].AsSpan<float>()[3] = float.NaN;
        string First(long bytes) => trainer.Step.Graph.Model.Graph.Nodes[NonFiniteSearch.First(trainer.Step, Limits.Default with { MemoryBytes = bytes })].Name;
        int found = 0;
        long least = 1 << 20;
        for (long bytes = least; bytes > 0; bytes = bytes * 15 / 16)
        {
            try
            {
                Assert.Equal("conv4", First(bytes));
                (found, least) = (found + 1, bytes);
            }
            catch (ConvTransferException e) when (e.Cause == FailureCause.Limit)
            {
                break;
            }
        }
        long all = trainer.Split.ForTraining().Graph.Nodes.Count(n => n.OpType is "Conv" or "Relu") * (long)Batch * sizeof(float) * 5 * 36;
        Assert.True(found > 0 && least < all, $"found with {least} bytes, all values need about {all}");
    }
}
