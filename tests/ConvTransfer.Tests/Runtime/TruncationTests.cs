using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Tests.Runtime;

public sealed class TruncationTests
{
    [Fact]
    public void TheNamesFindTheInputOfAConvolutionUsedAsClassifier()
    {
        var cuts = CutPoints.Of(SmallNetworks.ConvolutionAsClassifier);
        // Before the identity: it hands the same numbers on.
        var block = Assert.Single(cuts, c => c.Value == "block");
        Assert.Equal([CutPoints.Penultimate, CutPoints.LastConv], block.Aliases);
        Assert.Equal(["stem", "block", "kept", "classes", "pooled"], cuts.Select(c => c.Value));
        Assert.Equal("float [1, 4, 4, 4]", block.Type!.ToString());
    }

    [Fact]
    public void TheNamesFindTheInputOfTheLastDenseLayerAndTheLastPicture()
    {
        var cuts = CutPoints.Of(SmallNetworks.DenseBehindReshape);
        Assert.Equal("hidden", Assert.Single(cuts, c => c.Aliases.Contains(CutPoints.Penultimate)).Value);
        Assert.Equal("smaller", Assert.Single(cuts, c => c.Aliases.Contains(CutPoints.LastConv)).Value);
    }

    [Fact]
    public void ANetworkWithTwoEndsHasNoPenultimateValue()
    {
        var model = SmallNetworks.ConvolutionAsClassifier;
        var two = model with { Graph = model.Graph with { Outputs = [.. model.Graph.Outputs, new ValueInfo("left", null)] } };
        var fault = Assert.Throws<ArgumentException>(() => two.TruncateAt(CutPoints.Penultimate));
        Assert.Contains("2 layers", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeadNodesAndInitializersGo()
    {
        var cut = SmallNetworks.ConvolutionAsClassifier.TruncateAt("last-conv").Graph;
        Assert.Equal(["stem", "left", "right", "block"], cut.Nodes.Select(n => n.Outputs[0]));
        Assert.Equal(["w0", "w1", "w2"], cut.Initializers.Select(t => t.Name));
        Assert.Equal("float [1, 4, 4, 4]", Assert.Single(cut.Outputs).Type!.ToString());
    }

    [Fact]
    public void AValueThatIsCalledLikeAnAliasIsMeantItself()
    {
        var model = SmallNetworks.ConvolutionAsClassifier;
        var renamed = model with { Graph = model.Graph.RenameValue("stem", CutPoints.Penultimate) };
        Assert.Equal(CutPoints.Penultimate, renamed.TruncateAt(CutPoints.Penultimate).Graph.Nodes.Single().Outputs[0]);
    }

    [Fact]
    public void PoolingIsTheMeanOverThePicture()
    {
        var model = SmallNetworks.ConvolutionAsClassifier;
        var plain = model.TruncateAt("block");
        var pooled = model.TruncateAt("block", Pooling.GlobalAverage);
        Assert.Equal("float [1, 4]", pooled.Graph.Outputs.Single().Type!.ToString());
        using var image = Image();
        using var whole = Run(plain, image)[0];
        using var means = Run(pooled, image)[0];
        Assert.Equal("1x4", means.Shape.ToString());
        for (int c = 0; c < 4; c++) Assert.Equal(whole.AsSpan<float>().Slice(c * 16, 16).ToArray().Average(), means.AsSpan<float>()[c], 1e-6f);
    }

    [Fact]
    public void PoolingNeedsAPicture()
    {
        Assert.Contains("no spatial axes", Assert.Throws<ArgumentException>(() => SmallNetworks.DenseBehindReshape.TruncateAt("flat", Pooling.GlobalAverage)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SmallNetworks.DenseBehindReshape.TruncateAt("image"));
        Assert.Throws<ArgumentException>(() => SmallNetworks.DenseBehindReshape.TruncateAt("no such value"));
    }

    // Law L8.
    [Fact]
    public void ACutHasTheBitsOfTheWholeNetwork()
    {
        using var image = Image();
        foreach (var model in new[] { SmallNetworks.ConvolutionAsClassifier, SmallNetworks.DenseBehindReshape })
        {
            foreach (string value in model.Graph.Nodes.Select(n => n.Outputs[0]))
            {
                using var planner = new Planner(model, [value]);
                using var session = planner.CreateSession(1);
                using var expected = session.Run(image)[0];
                using var actual = Run(model.TruncateAt(value), image)[0];
                Assert.Equal(expected.AsBytes().ToArray(), actual.AsBytes().ToArray());
            }
        }
    }

    internal static Tensor Image(long batch = 1)
    {
        var image = new Tensor(ElementType.Float32, new Shape(batch, 3, 8, 8));
        for (int i = 0; i < image.ElementCount; i++) image.AsSpan<float>()[i] = ((i * 13 % 29) - 14) / 16f;
        return image;
    }

    internal static Tensor[] Run(Model model, Tensor image)
    {
        using var planner = new Planner(model);
        using var session = planner.CreateSession(1);
        return session.Run(image);
    }
}
