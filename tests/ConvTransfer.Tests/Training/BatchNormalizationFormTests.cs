using ConvTransfer.Core;
using ConvTransfer.Graphs;
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
}
