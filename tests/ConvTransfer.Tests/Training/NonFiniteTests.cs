using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Where a number is no longer finite, a training stops and says where: in a layer, the loss, a gradient, or a weight.</summary>
public sealed class NonFiniteTests
{
    private static readonly FineTuneOptions Options = SmallTraining.Options with { Optimizer = OptimizerKind.Sgd, BatchNormalization = BatchNormalizationPolicy.Frozen, ClipNorm = 0 };

    // The root of 0 is 0, and its slope there infinite.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void AnInfiniteGradientUnderAFiniteLossIsTracedToItsNode(int accumulate)
    {
        var failure = Failure(Options with { Accumulate = accumulate }, WithRoot());
        Assert.Equal(FailureCause.DataInvalid, failure.Cause);
        Assert.Contains("epoch 1, batch 1: the gradient of weight 'conv4.bias' is not finite", failure.Message, StringComparison.Ordinal);
        Assert.Contains("all results of the layers are finite; on the way back the first gradient that is not is that of Sqrt node 'root'", failure.Message, StringComparison.Ordinal);
        Assert.Equal("Sqrt node 'root'", failure.Node);
    }

    // With a rate that no number survives: where another batch follows it finds the weight, and so does the end of the training.
    [Theory]
    [InlineData(15, "batch 2: the loss")]
    [InlineData(4, "batch 1: a weight")]
    public void AWeightThatOverflowsIsNamed(int samples, string where)
    {
        var failure = Failure(Options with { Epochs = 1, BodyRate = float.MaxValue, Schedule = LearningRateSchedule.Constant }, Scaled(SmallTraining.Network(), "dense8.weight", 100), samples);
        Assert.Contains($"epoch 1, {where} is not finite; weight '", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Infinity at element", failure.Message, StringComparison.Ordinal);
        Assert.Null(failure.Node);
    }

    // Adam divides by the root of the second moment: with an infinite one a weight stands still for good.
    [Fact]
    public void AMomentThatOverflowsIsNamed()
    {
        var failure = Failure(Options with { Optimizer = OptimizerKind.Adam, Epochs = 1, BodyRate = 0, WeightDecay = 1e30 }, SmallTraining.Network());
        Assert.Contains("batch 4: the second moment of weight 'conv1.weight' is not finite; all results and gradients of this batch are finite", failure.Message, StringComparison.Ordinal);
    }

    // Each is finite, their difference is not.
    [Fact]
    public void LogitsThatAreTooLargeAreNoGradient()
    {
        var network = SmallTraining.Network();
        network = network with { Graph = network.Graph.ReplaceInitializers([TensorData.From<float>("dense8.bias", [3], [3e38f, -3e38f, 0])]) };
        var failure = Failure(Options, network);
        Assert.Contains("epoch 1, batch 1: the loss is not finite; all results of the layers are finite, but the logits are too large for the loss", failure.Message, StringComparison.Ordinal);
    }

    // All values of the way back at once need more than one at a time.
    [Fact]
    public void TheGradientIsFoundWithLittleMemory()
    {
        using var trainer = new Trainer(WithRoot(), [], Options, new TrainerOptions());
        var batches = new BatchTrainer(trainer, [new RandomSamples(15)]);
        Assert.NotNull(batches.Train(batches.Order(0), 0, 0, 1, default).NotFinite);
        int found = 0;
        for (long bytes = 1 << 20; bytes > 0; bytes = bytes * 15 / 16)
        {
            try
            {
                Assert.Equal("root", NonFiniteSearch.Find(trainer.Weights, trainer.Step, Limits.Default with { MemoryBytes = bytes }).Node!.Name);
                found++;
            }
            catch (ConvTransferException e) when (e.Cause == FailureCause.Limit)
            {
                break;
            }
        }
        Assert.True(found > 30, $"found with {found} of the limits");
    }

    // The small network with a root in place of its second Relu, behind a convolution that gives 0.
    private static Model WithRoot()
    {
        var network = Scaled(SmallTraining.Network(), "conv4.weight", 0);
        return network with { Graph = network.Graph with { Nodes = network.Graph.Nodes.Select(n => n.Name == "relu5" ? n with { OpType = "Sqrt", Name = "root" } : n).ToValueList() } };
    }

    private static Model Scaled(Model network, string weight, float factor)
    {
        using var tensor = network.Graph.Initializers.Single(t => t.Name == weight).ToTensor();
        foreach (ref float value in tensor.AsSpan<float>()) value *= factor;
        return network with { Graph = network.Graph.ReplaceInitializers([TensorData.From(weight, tensor)]) };
    }

    private static ConvTransferException Failure(FineTuneOptions options, Model network, int samples = 15) =>
        Assert.Throws<ConvTransferException>(() => SmallTraining.Run(options, new TrainerOptions(), new RandomSamples(samples), network: network));
}
