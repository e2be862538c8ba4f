using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Runtime;

public sealed class NetworkReportTests
{
    [Fact]
    public void LayersAreCountedByTheTextbook()
    {
        var report = NetworkReport.Of(SmallNetworks.ConvolutionAsClassifier);
        Assert.Empty(report.Problems);
        LayerReport Layer(string output) => Assert.Single(report.Layers, l => l.Outputs[0] == output);
        // |θ| = w_k · h_k · d_in · d_out, here without biases; multiply-adds are that for each of the 4 x 4 places.
        Assert.Equal((3 * 3 * 3 * 4, 3 * 3 * 3 * 4 * 16), (Layer("stem").Parameters, Layer("stem").MultiplyAdds));
        Assert.Equal((4 * 2, 4 * 2 * 16L), (Layer("left").Parameters, Layer("left").MultiplyAdds));
        Assert.Equal(108 + 8 + 72 + 20, report.Parameters);
        Assert.Equal((108 + 8 + 72 + 20) * 16, report.MultiplyAdds);
        Assert.Equal("float [1, 4, 4, 4]", Layer("block").OutputType!.ToString());
    }

    [Fact]
    public void TheReceptiveFieldIsThatOfTheLongestPath()
    {
        var fields = NetworkReport.Of(SmallNetworks.ConvolutionAsClassifier).Layers.ToDictionary(l => l.Outputs[0], l => l.ReceptiveField);
        Assert.Equal(new ReceptiveField([3, 3], [2, 2], false), fields["stem"]);
        Assert.Equal(new ReceptiveField([3, 3], [2, 2], false), fields["left"]);
        // r + (k − 1) · j = 3 + 2 · 2; the concatenation sees as far as its wider branch.
        Assert.Equal(new ReceptiveField([7, 7], [2, 2], false), fields["right"]);
        Assert.Equal(fields["right"], fields["block"]);
        Assert.True(fields["pooled"]!.IsWhole);
        Assert.True(NetworkReport.Of(SmallNetworks.DenseBehindReshape).Layers[^1].ReceptiveField!.IsWhole);
    }

    [Fact]
    public void ASharedInitializerCountsOnceInTheTotal()
    {
        var model = SmallNetworks.Model([new Node("Conv", ["image", "w"], ["a"]), new Node("Conv", ["a", "w"], ["b"])], [SmallNetworks.Weights("w", 3, 3, 1, 1)], "b", [1, 3, 8, 8]);
        var report = NetworkReport.Of(model);
        Assert.Equal([9, 9], report.Layers.Select(l => l.Parameters));
        Assert.Equal(9, report.Parameters);
    }

    [Fact]
    public void AnOpenBatchCountsAsOneImage()
    {
        var model = SmallNetworks.ConvolutionAsClassifier;
        var open = model with { Graph = model.Graph with { Inputs = [new ValueInfo("image", new TensorType(Engine.Tensors.ElementType.Float32, [Dim.Of("batch"), 3, 8, 8]))] } };
        var report = NetworkReport.Of(open);
        Assert.Equal(208 * 16, report.MultiplyAdds);
        Assert.Equal("float [batch, 4, 4, 4]", report.Layers[0].OutputType!.ToString());
    }

    [Fact]
    public void WhatIsNotSupportedIsReportedAsFarAsItIsUnderstood()
    {
        var model = SmallNetworks.Model([new Node("Conv", ["image", "w"], ["a"]), new Node("NoSuchOperator", ["a"], ["b"])], [SmallNetworks.Weights("w", 3, 3, 1, 1)], "b", [1, 3, 8, 8]);
        var report = NetworkReport.Of(model);
        Assert.Equal(9, report.Parameters);
        Assert.Null(report.MultiplyAdds);
        Assert.Contains("NoSuchOperator", Assert.Single(report.Problems).Message, StringComparison.Ordinal);
    }
}
