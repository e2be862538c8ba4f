using ConvTransfer.Core;
using ConvTransfer.Engine.Resampling;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Conformance.Pipelines;

/// <summary>Resizing and cropping as nodes, under ONNX Runtime: the sizes of torchvision, the pixels of our own filter.</summary>
public sealed unsafe class ImageNodesTests
{
    public static TheoryData<int, int, int, int, bool> Sizes => new()
    {
        { 1, 1, 32, 28, false }, { 300, 301, 32, 27, true }, { 77, 123, 64, 56, false }, { 123, 77, 64, 57, true }, { 400, 3, 32, 32, false }, { 3, 200, 16, 5, true }, { 64, 64, 64, 64, false }, { 50, 41, 33, 20, true },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ShorterSideAndCentreCrop(int h, int w, int side, int crop, bool cubic)
    {
        var nodes = new NodeSequence(new Graph());
        string sizes = ImageNodes.ShorterSide(nodes, ImageNodes.Sizes(nodes, "image"), side);
        string y = ImageNodes.CentreCrop(nodes, ImageNodes.Resize(nodes, "image", sizes, cubic), sizes, crop, crop);
        using var runtime = new Yardstick(Of(nodes, y));
        using var picture = Picture(2, h, w);
        using var actual = runtime.Run(("image", picture))[0];

        // torchvision: int(size · long / short), and round((length - crop) / 2) with ties to even.
        int resizedH = h <= w ? side : (int)((long)side * h / w), resizedW = w <= h ? side : (int)((long)side * w / h);
        int top = (int)Math.Round((resizedH - crop) / 2.0, MidpointRounding.ToEven), left = (int)Math.Round((resizedW - crop) / 2.0, MidpointRounding.ToEven);
        Assert.Equal(new Shape(2, crop, crop, 3), actual.Shape);
        var filter = new UInt8Resample(h, w, resizedH, resizedW, 3, cubic);
        byte[] resized = new byte[resizedH * resizedW * 3], scratch = new byte[filter.ScratchBytes];
        for (int n = 0; n < 2; n++)
        {
            fixed (byte* x = picture.AsBytes(), r = resized, s = scratch) filter.Run(x + (n * h * w * 3), r, s);
            for (int row = 0; row < crop; row++)
                Assert.Equal(resized.AsSpan((((top + row) * resizedW) + left) * 3, crop * 3).ToArray(), actual.AsBytes().Slice(((n * crop) + row) * crop * 3, crop * 3).ToArray());
        }
    }

    [Fact]
    public void HeadNodesGiveTheHeadsScoresAndNames()
    {
        const int features = 37;
        var random = new CounterRandom(3);
        ValueList<float> Numbers(int count, double scale = 1) => Enumerable.Range(0, count).Select(_ => (float)(random.NextNormal() * scale)).ToValueList();
        var head = new LinearHead(["Zoë", "apfel", "дом"], features, Numbers(3 * features, 0.3), Numbers(3), [new AffineNormalizer(Numbers(features), Numbers(features)), new AffineNormalizer(null, Numbers(features))]);
        foreach (var (type, dims) in new[] { (ElementType.Float32, new long[] { 5, features }), (ElementType.Float32, [5, features, 1, 1]), (ElementType.Float16, [5, features]) })
        {
            var nodes = new NodeSequence(new Graph());
            HeadNodes.Add(nodes, head, "features", type, dims.Length, "label", "scores");
            var graph = new Graph { Name = "head", Inputs = [new ValueInfo("features", TensorType.Of(type, new Shape(dims)))] }.Append(nodes.Nodes, nodes.Constants, [new ValueInfo("label", TensorType.Of(ElementType.String, new Shape(5))), new ValueInfo("scores", TensorType.Of(ElementType.Float32, new Shape(5, 3)))]);
            using var runtime = new Yardstick(new Model(graph) { OpsetImports = [new OpsetImport("", 18)] });
            float[] x = [.. Numbers(5 * features)];
            if (type == ElementType.Float16) x = Array.ConvertAll(x, v => (float)(Half)v);
            using var input = type == ElementType.Float16 ? Tensor.From<Half>(new Shape(dims), Array.ConvertAll(x, v => (Half)v)) : Tensor.From<float>(new Shape(dims), x);
            var outputs = runtime.Run(("features", input));
            for (int n = 0; n < 5; n++)
            {
                var expected = new float[3];
                head.Scores(x.AsSpan(n * features, features), expected);
                for (int c = 0; c < 3; c++) Assert.Equal(expected[c], outputs[1].AsSpan<float>()[(n * 3) + c], 1e-5);
                Assert.Equal(head.Labels[Array.IndexOf(expected, expected.Max())], outputs[0].AsStrings()[n]);
            }
            foreach (var output in outputs) output.Dispose();
        }
    }

    private static Model Of(NodeSequence nodes, string output)
    {
        var image = new ValueInfo("image", new TensorType(ElementType.UInt8, [Dim.Of("N"), Dim.Of("H"), Dim.Of("W"), 3]));
        var graph = new Graph { Name = "image", Inputs = [image] }.Append(nodes.Nodes, nodes.Constants, [new ValueInfo(output, new TensorType(ElementType.UInt8, [Dim.Of("N"), Dim.Unknown, Dim.Unknown, 3]))]);
        return new Model(graph) { OpsetImports = [new OpsetImport("", 18)] };
    }

    private static Tensor Picture(int n, int h, int w)
    {
        var random = new CounterRandom(h + (1000 * w));
        var picture = new Tensor(ElementType.UInt8, new Shape(n, h, w, 3));
        foreach (ref byte b in picture.AsBytes()) b = (byte)random.Next(256);
        return picture;
    }
}
