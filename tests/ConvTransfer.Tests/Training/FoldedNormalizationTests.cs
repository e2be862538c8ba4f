using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Batch normalizations that are put back change nothing, are trained, and go into the convolutions again; and each batch normalization does what its rule says.</summary>
public sealed class FoldedNormalizationTests
{
    // conv1 is read twice, conv3 has no bias, conv4's normalization is there.
    private static Model Network()
    {
        var net = new NetworkBuilder("folded", seed: 4);
        string x = net.Input("image", 3, 6, 6), a = net.Convolution(x, 5, 3, padding: 1), b = net.Relu(a);
        string c = net.Convolution(b, 5, 3, padding: 1, bias: false), d = net.BatchNormalization(net.Convolution(c, 5, 1));
        return net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(net.Relu(net.Sum(a, d)))), SmallTraining.Classes));
    }

    private static Dictionary<string, ChannelStatistics> Statistics(long seed) => new()
    {
        ["conv1.out"] = new ChannelStatistics([0.3, -2, 0, 1e-3, 40], [1.5, 0.01, 0, 7, 900 + seed]),
    };

    private static float[] Logits(Model model)
    {
        using var planner = new Planner(model);
        using var session = planner.CreateSession(1);
        using var input = new Tensor(ElementType.Float32, new Shape(4, 3, 6, 6));
        new RandomSamples(4).Read([new(0, -1), new(1, -1), new(2, -1), new(3, -1)], [input], CancellationToken.None);
        using var result = session.Run(input)[0];
        return result.AsSpan<float>().ToArray();
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        float most = expected.Max(MathF.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.True(MathF.Abs(expected[i] - actual[i]) <= 1e-5f * most, $"{expected[i]} became {actual[i]}; the largest is {most}");
    }

    [Fact]
    public void WhatMayHaveBeenFoldedIsFound()
    {
        Assert.Equal(["conv1.out"], FoldedNormalizations.Find(Network(), []));
        Assert.Empty(FoldedNormalizations.Find(Network(), [FreezeRule.Matching("conv1")]));
    }

    [Fact]
    public void RestoredNormalizationsChangeNothingAndFoldBack()
    {
        var network = Network();
        var restored = FoldedNormalizations.Restore(network, Statistics(0));
        Assert.Equal(network.Graph.Nodes.Count + 1, restored.Graph.Nodes.Count);
        AssertClose(Logits(network), Logits(restored));
        var folded = network with { Graph = network.Graph.ReplaceInitializers(FoldedNormalizations.Fold(restored, ["conv1.out"])) };
        AssertClose(Logits(network), Logits(folded));
    }

    [Fact]
    public void ATrainedNormalizationGoesIntoItsConvolution()
    {
        var network = Network();
        var options = SmallTraining.Options with { BatchNormalization = BatchNormalizationPolicy.Frozen, BatchNormalizationRules = [new("conv1.out", BatchNormalizationPolicy.Train)] };
        var trained = SmallTraining.Run(options, new TrainerOptions(), network: FoldedNormalizations.Restore(network, Statistics(1))).Network;
        var now = trained.Graph.Initializers.ToDictionary(t => t.Name);
        Assert.NotEqual(Statistics(1)["conv1.out"].Mean[1], Numbers(now["conv1.out/mean"])[1], 2);
        var folded = network with { Graph = network.Graph.ReplaceInitializers(trained.Graph.Initializers.Where(t => network.Graph.Initializers.Any(o => o.Name == t.Name)).ExceptBy(["conv1.weight", "conv1.bias"], t => t.Name).Concat(FoldedNormalizations.Fold(trained, ["conv1.out"]))) };
        AssertClose(Logits(trained), Logits(folded));
    }

    [Theory]
    [InlineData(BatchNormalizationPolicy.Frozen, BatchNormalizationPolicy.Train, false, true)]
    [InlineData(BatchNormalizationPolicy.Train, BatchNormalizationPolicy.AffineOnly, true, false)]
    [InlineData(BatchNormalizationPolicy.AffineOnly, BatchNormalizationPolicy.Frozen, false, false)]
    public void EachNormalizationDoesWhatItsRuleSays(BatchNormalizationPolicy all, BatchNormalizationPolicy second, bool firstMoves, bool secondMoves)
    {
        var net = new NetworkBuilder("two", seed: 1);
        string x = net.Relu(net.BatchNormalization(net.Convolution(net.Input("image", 3, 6, 6), 4, 3)));
        x = net.Relu(net.BatchNormalization(net.Convolution(x, 4, 3)));
        var network = net.Build(net.Dense(net.Flatten(net.GlobalAveragePool(x)), SmallTraining.Classes));
        var options = SmallTraining.Options with { BatchNormalization = all, BatchNormalizationRules = [new("bn*", BatchNormalizationPolicy.Train), new("bn*", all), new("bn5*", second)] };
        var after = SmallTraining.Run(options, new TrainerOptions(), network: network).Network.Graph.Initializers.ToDictionary(t => t.Name);
        var before = network.Graph.Initializers.ToDictionary(t => t.Name);
        bool Moved(string name) => !before[name].HasSameContent(after[name]);
        Assert.Equal((firstMoves, secondMoves), (Moved("bn2.mean"), Moved("bn5.mean")));
        Assert.Equal((all != BatchNormalizationPolicy.Frozen, second != BatchNormalizationPolicy.Frozen), (Moved("bn2.scale"), Moved("bn5.scale")));
    }

    // A normalization counts with the layer before it, whether it was there from the start or is restored.
    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "conv4")]
    [InlineData(2, "conv3,conv4")]
    [InlineData(3, "conv1,conv3,conv4")]
    public void TheLastLayersAreCountedWithTheirNormalizations(int count, string trained)
    {
        var options = SmallTraining.Options with { BatchNormalization = BatchNormalizationPolicy.Train, HeadRate = 0.1, BodyRate = 0.1 };
        foreach (bool isRestored in (bool[])[false, true])
        {
            var network = isRestored ? FoldedNormalizations.Restore(Network(), Statistics(0)) : Network();
            var head = network.Graph.Nodes[^1].Inputs.Skip(1).ToValueList();
            var after = SmallTraining.Run(options, new TrainerOptions { HeadWeights = head }, network: network, freeze: FreezeRule.AllButLast(count)).Network.Graph.Initializers.ToDictionary(t => t.Name);
            foreach (string conv in (string[])["conv1", "conv3", "conv4"])
            {
                bool isTrained = trained.Split(',').Contains(conv);
                Assert.Equal(isTrained, !network.Graph.Initializers.Single(t => t.Name == $"{conv}.weight").HasSameContent(after[$"{conv}.weight"]));
                string? scale = conv == "conv4" ? network.Graph.Nodes.Single(n => n.OpType == "BatchNormalization" && n.Inputs[0] == "conv4.out").Inputs[1] : conv == "conv1" && isRestored ? "conv1.out/scale" : null;
                if (scale is not null) Assert.Equal(isTrained, !network.Graph.Initializers.Single(t => t.Name == scale).HasSameContent(after[scale]));
            }
        }
    }

    // Each of these names freezes the convolution; in the restored network two of them name another node, or one node only.
    [Theory]
    [InlineData("conv1")]
    [InlineData("conv1.weight")]
    [InlineData("conv1.out")]
    public void AFrozenConvolutionKeepsItsRestoredNormalizationUntilItIsUnfrozen(string glob)
    {
        var frozen = new ValueList<FreezeRule>([FreezeRule.Matching(glob)]);
        var restoration = new NormalizationRestoration(Network(), [frozen, []], isWanted: true, PipelineOptions.Default);
        Assert.Equal(["conv1.out"], restoration.Restored);
        var options = restoration.Settings(SmallTraining.Options with { BatchNormalization = BatchNormalizationPolicy.Train, Unfreeze = [new(1, [])] });
        using var trainer = new Trainer(restoration.Unmeasured(), [.. restoration.Frozen(0)], options, new TrainerOptions());
        string[] own = ["conv1.weight", "conv1.bias", "conv1.out/scale", "conv1.out/shift"];
        Assert.DoesNotContain(trainer.Phases[0].TrainedWeights, own.Contains);
        Assert.Equal(own, trainer.Phases[1].TrainedWeights.Where(own.Contains));
    }

    [Fact]
    public void ARuleThatNamesNoNormalizationIsRefused()
    {
        var options = SmallTraining.Options with { BatchNormalizationRules = [new("bn9", BatchNormalizationPolicy.Train)] };
        Assert.Contains("they are 'bn2'", Assert.Throws<ArgumentException>(() => SmallTraining.Run(options, new TrainerOptions())).Message, StringComparison.Ordinal);
    }

    private static float[] Numbers(TensorData data)
    {
        using var tensor = data.ToTensor();
        return tensor.AsSpan<float>().ToArray();
    }
}
