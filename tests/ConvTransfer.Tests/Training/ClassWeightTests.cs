using ConvTransfer.Core;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>Weights of classes: what they do to the targets, and which are refused before the first batch.</summary>
public sealed class ClassWeightTests
{
    [Fact]
    public void ASampleCountsAsItsClassDoes()
    {
        var targets = new BatchTargets(3, 0, [1, 2, 5]);
        float[] written = new float[9];
        targets.Write([0, 1, 2], written);
        Assert.Equal([1 / 8f, 0, 0, 0, 2 / 8f, 0, 0, 0, 5 / 8f], written);
    }

    // 15 samples of three classes, five each: the same ratios are the same training, and other ones another.
    [Fact]
    public void OnlyTheRatiosMatter()
    {
        byte[] Weights(FineTuneOptions options) => SmallTraining.Bytes(SmallTraining.Run(options, new TrainerOptions()).Network);
        byte[] plain = Weights(SmallTraining.Options);
        Assert.Equal(plain, Weights(SmallTraining.Options with { ClassWeights = [4, 4, 4] }));
        Assert.Equal(plain, Weights(SmallTraining.Options with { BalanceClasses = true }));
        Assert.NotEqual(plain, Weights(SmallTraining.Options with { ClassWeights = [1, 2, 1] }));
    }

    [Fact]
    public void WrongWeightsAreRefusedBeforeTheFirstBatch()
    {
        foreach (double wrong in (double[])[0, -1, double.NaN, double.PositiveInfinity]) Assert.Throws<ArgumentOutOfRangeException>(() => Trainer(SmallTraining.Options with { ClassWeights = [1, wrong, 1] }));
        Assert.Contains("2 class weights, but the network has 3", Assert.Throws<ArgumentException>(() => Trainer(SmallTraining.Options with { ClassWeights = [1, 2] })).Message, StringComparison.Ordinal);
        Assert.Contains("one of them", Assert.Throws<ArgumentException>(() => Trainer(SmallTraining.Options with { ClassWeights = [1, 2, 3], BalanceClasses = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherWeightsAreAnotherTraining()
    {
        using var folder = new TemporaryFolder();
        var how = new TrainerOptions { CheckpointFolder = folder.Path("run"), Resume = true };
        SmallTraining.Run(SmallTraining.Options with { ClassWeights = [1, 2, 1] }, how, cancelAfter: 5);
        Assert.Contains("ClassWeights is 1 2 1.5, was 1 2 1", Assert.Throws<ConvTransferException>(() => SmallTraining.Run(SmallTraining.Options with { ClassWeights = [1, 2, 1.5] }, how)).Message, StringComparison.Ordinal);
    }

    private static Trainer Trainer(FineTuneOptions options) => new(SmallTraining.Network(), [], options, new TrainerOptions());
}
