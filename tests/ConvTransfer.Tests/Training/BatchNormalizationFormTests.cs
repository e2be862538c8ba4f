using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Tests.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>What a batch normalization does in training is the policy's affair, not the file's.</summary>
public sealed class BatchNormalizationFormTests
{
    // There one picture's result depends on the others, so that nothing could be kept of it.
    [Fact]
    public void ANetworkInItsTrainingFormIsRefused()
    {
        var model = SmallTraining.Network();
        var nodes = model.Graph.Nodes.Select(n => n.OpType == "BatchNormalization" ? n with { Attributes = [.. n.Attributes, ProblemData.Attribute("training_mode", 1L)] } : n);
        var network = model with { Graph = model.Graph with { Nodes = nodes.ToValueList() } };
        var fault = Assert.Throws<ConvTransferException>(() => new Trainer(network, [], SmallTraining.Options, new TrainerOptions()));
        Assert.Equal(FailureCause.Unsupported, fault.Cause);
        Assert.Contains("of one image depends on the others", fault.Message, StringComparison.Ordinal);
    }

    // Its variance is 0: the result was the shift whatever came in, and the running variance fell towards 0, which made the trained network useless.
    [Theory]
    [InlineData(1, BatchNormalizationPolicy.Train, true)]
    [InlineData(2, BatchNormalizationPolicy.Train, false)]
    [InlineData(1, BatchNormalizationPolicy.AffineOnly, false)]
    public void OneNumberForEachChannelIsNoBatch(int batch, BatchNormalizationPolicy policy, bool isRefused)
    {
        var net = new NetworkBuilder("pooled", seed: 1);
        var network = net.Build(net.Dense(net.Flatten(net.BatchNormalization(net.GlobalAveragePool(net.Convolution(net.Input("image", 3, 6, 6), 5, 3)))), SmallTraining.Classes));
        var options = SmallTraining.Options with { BatchSize = batch, BatchNormalization = policy };
        var fault = Record.Exception(() => new Trainer(network, [], options, new TrainerOptions()).Dispose());
        if (!isRefused) Assert.Null(fault);
        else Assert.Contains("has one number for each channel", Assert.IsType<ConvTransferException>(fault).Message, StringComparison.Ordinal);
    }
}
