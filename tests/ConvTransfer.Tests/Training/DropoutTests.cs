using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Dropout acts in the trained part while the network is trained, and nowhere else.</summary>
public sealed class DropoutTests
{
    private const float Ratio = 0.25f;

    // The small network with a dropout behind the convolution conv4's relu, in front of the pool and the head.
    private static Model Network(string behind = "relu5.out", long opset = 18, float ratio = Ratio, bool readsMask = false)
    {
        var model = SmallTraining.Network();
        bool isAttribute = opset < 12;
        var dropout = new Node("Dropout", isAttribute ? [behind] : [behind, "ratio"], readsMask ? ["dropped", "mask"] : ["dropped"])
        {
            Name = "drop",
            Attributes = isAttribute ? [new NodeAttribute("ratio", new AttributeValue.Float(ratio))] : [],
        };
        List<Node> nodes = [.. model.Graph.Nodes.Select(n => n with { Inputs = n.Inputs.Select(i => i == behind ? "dropped" : i).ToValueList() })];
        nodes.Insert(1 + nodes.FindIndex(n => n.Outputs[0] == behind), dropout);
        if (readsMask)
        {
            // Adds 0 times the mask, which is of truth values.
            nodes.InsertRange(2 + nodes.FindIndex(n => n.Outputs[0] == behind), [new Node("Cast", ["mask"], ["number"]) { Attributes = [new NodeAttribute("to", new AttributeValue.Int((long)ElementType.Float32))] }, new Node("Mul", ["number", "zero"], ["nothing"]), new Node("Add", ["dropped", "nothing"], ["sum"])]);
            nodes = [.. nodes.Select(n => n.OpType == "GlobalAveragePool" ? n with { Inputs = ["sum"] } : n)];
        }
        var graph = model.Graph with { Nodes = nodes.ToValueList(), Initializers = [.. model.Graph.Initializers, .. isAttribute ? [] : new[] { TensorData.From<float>("ratio", [], [ratio]) }, .. readsMask ? new[] { TensorData.From<float>("zero", [], [0]) } : []] };
        return model with { Graph = graph, OpsetImports = [new OpsetImport("", opset)] };
    }

    private static byte[] Weights(TrainingResult result) => [.. result.Network.Graph.Initializers.Where(t => t.Name is not ("ratio" or "zero")).SelectMany(t => t.Bytes.ToArray())];

    private static byte[] Trained(Model network) => Weights(SmallTraining.Run(SmallTraining.Options, new TrainerOptions { Seed = 3 }, network: network));

    // The same weights are trained behind both; only behind the first the dropout acts.
    [Fact]
    public void ATrainingGoesOnOnlyWithTheSameDropouts()
    {
        using var folder = new TemporaryFolder();
        var head = SmallTraining.Network().Graph.Nodes[^1].Inputs.Skip(1).ToValueList();
        var how = new TrainerOptions { CheckpointFolder = folder.Path("run"), Resume = true, HeadWeights = head };
        SmallTraining.Run(SmallTraining.Options, how, cancelAfter: 5, network: Network(), freeze: FreezeRule.Until("relu5.out"));
        var failure = Assert.Throws<ConvTransferException>(() => SmallTraining.Run(SmallTraining.Options, how, network: Network(), freeze: FreezeRule.Until("dropped")));
        Assert.Equal(FailureCause.Checkpoint, failure.Cause);
        Assert.Contains("the dropouts that act", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMaskKeepsItsShareAndTheMean()
    {
        using var trainer = new Trainer(Network(), [], SmallTraining.Options, new TrainerOptions());
        var dropout = Assert.Single(trainer.Split.Dropouts);
        Assert.Equal((Ratio, "drop"), (dropout.Ratio, dropout.Node.Name));
        float[] mask = new float[100_001], again = new float[100_001], other = new float[100_001];
        dropout.Write(mask, 1, 2, 3);
        dropout.Write(again, 1, 2, 3);
        Assert.Equal(mask, again);
        Assert.Equal([0, 1 / (1 - Ratio)], mask.Distinct().Order());
        Assert.Equal(Ratio, mask.Count(m => m == 0) / 100_001.0, 0.005);
        foreach (var (seed, epoch, batch, number) in ((long, int, int, int)[])[(2, 2, 3, 0), (1, 3, 3, 0), (1, 2, 4, 0), (1, 2, 3, 1)])
        {
            (dropout with { Number = number }).Write(other, seed, epoch, batch);
            Assert.Equal((Ratio * Ratio) + ((1 - Ratio) * (1 - Ratio)), mask.Zip(other).Count(p => p.First == p.Second) / 100_001.0, 0.01);
        }
    }

    // The head alone is trained: its logits are those of the masked features.
    [Fact]
    public void TheFrontierLiesBeforeTheDropoutAndTheStepMultipliesByTheMask()
    {
        using var trainer = new Trainer(Network("flatten7.out"), [FreezeRule.AllButLast(0)], SmallTraining.Options, new TrainerOptions { HeadWeights = ["dense8.weight", "dense8.bias"] });
        Assert.Equal(["flatten7.out"], trainer.Frontier);
        var step = trainer.Step;
        var random = new CounterRandom(4);
        foreach (ref float x in step.Frontier[0].AsSpan<float>()) x = (float)random.NextNormal();
        trainer.Split.Dropouts[0].Write(step.Masks[0].AsSpan<float>(), 1, 0, 0);
        step.Run(default);
        float[] x0 = step.Frontier[0].AsSpan<float>().ToArray(), mask = step.Masks[0].AsSpan<float>().ToArray(), w = trainer.Weights.Parameters[0].AsSpan<float>().ToArray();
        Assert.Contains(0f, mask);
        for (int n = 0; n < 4; n++)
        {
            for (int c = 0; c < 3; c++)
            {
                double sum = 0;
                for (int i = 0; i < 6; i++) sum += (double)w[(c * 6) + i] * x0[(n * 6) + i] * mask[(n * 6) + i];
                Assert.Equal(sum, step.Logits[(n * 3) + c], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData("relu5.out", "until relu5.out", true)]
    [InlineData("relu5.out", "until dropped", false)]
    [InlineData("relu5.out", "until gap6.out", false)]
    [InlineData("relu5.out", "conv*|bn2", true)]
    [InlineData("relu3.out", "conv*|bn2", false)]
    [InlineData("relu3.out", "conv4*", true)]
    [InlineData("relu3.out", "conv1*|bn2", true)]
    [InlineData("relu3.out", "until relu3.out", true)]
    public void WhetherItActsFollowsFromWhatIsFrozen(string behind, string frozen, bool acts)
    {
        FreezeRule[] rules = frozen.StartsWith("until ", StringComparison.Ordinal) ? [FreezeRule.Until(frozen[6..])] : [.. frozen.Split('|').Select(FreezeRule.Matching)];
        using var trainer = new Trainer(Network(behind), rules, SmallTraining.Options, new TrainerOptions());
        Assert.Equal(acts ? 1 : 0, trainer.Split.Dropouts.Length);
        // What is kept of the frozen part never holds a mask of one step.
        if (acts && trainer.First is { } first) Assert.DoesNotContain(first.Graph.Nodes, n => n.OpType == "Dropout");
    }

    // While the weights stay as they are, held-out samples have the loss of the network without a dropout.
    [Fact]
    public void WhereTheNetworkIsTriedItIsTheIdentity()
    {
        var still = SmallTraining.Options with { HeadRate = 0, BodyRate = 0, WeightDecay = 0, BatchNormalization = BatchNormalizationPolicy.AffineOnly };
        var with = SmallTraining.Run(still, new TrainerOptions(), network: Network(), heldOut: new RandomSamples(5)).Epochs[0];
        var without = SmallTraining.Run(still, new TrainerOptions(), heldOut: new RandomSamples(5)).Epochs[0];
        Assert.Equal(without.HeldOutLoss, with.HeldOutLoss);
        Assert.NotEqual(without.Loss, with.Loss);
    }

    // The ratio is an attribute up to opset 11 and an input from 12 on.
    [Fact]
    public void EveryVersionGivesTheSameTraining()
    {
        byte[] expected = Trained(Network());
        foreach (long opset in (long[])[7, 9, 10, 11, 12, 13, 22]) Assert.Equal(expected, Trained(Network(opset: opset)));
        Assert.Equal(expected, Trained(Network(readsMask: true)));
        Assert.NotEqual(expected, Trained(SmallTraining.Network()));
        Assert.Equal(Trained(SmallTraining.Network()), Trained(Network(ratio: 0)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1f)]
    [InlineData(float.NaN)]
    public void ARatioThatMakesNoSenseIsRefused(float ratio)
    {
        var failure = Assert.Throws<ConvTransferException>(() => new Trainer(Network(ratio: ratio), [], SmallTraining.Options, new TrainerOptions()));
        Assert.Equal(FailureCause.ModelInvalid, failure.Cause);
        Assert.Contains("drop", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NeitherThreadsNorAStopInTheMiddleOfAnEpochChangeABit()
    {
        byte[] whole = Trained(Network());
        foreach (int threads in (int[])[1, 2, 3]) Assert.Equal(whole, Weights(SmallTraining.Run(SmallTraining.Options, new TrainerOptions { Seed = 3, Threads = threads }, network: Network())));
        foreach (int stop in (int[])[1, 2, 6])
        {
            using var folder = new TemporaryFolder();
            var how = new TrainerOptions { Seed = 3, CheckpointFolder = folder.Path("run"), Resume = true };
            Assert.Equal(TrainingEnd.Cancelled, SmallTraining.Run(SmallTraining.Options, how, network: Network(), cancelAfter: stop).End);
            Assert.Equal(whole, Weights(SmallTraining.Run(SmallTraining.Options, how, network: Network())));
        }
    }

    [Fact]
    public void ANumberThatIsNotFiniteIsStillFound() =>
        Assert.Contains("conv1", Assert.Throws<ConvTransferException>(() => SmallTraining.Run(SmallTraining.Options, new TrainerOptions(), new RandomSamples(15, bad: new SampleView(6, 1)), network: Network())).Message, StringComparison.Ordinal);
}
