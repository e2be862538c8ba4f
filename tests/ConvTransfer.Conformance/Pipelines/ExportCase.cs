using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Pipelines;

/// <summary>A network of the test material, cut and pooled, with a recipe. Together with a seeded head it makes a one-file model.</summary>
/// <param name="Folder">The network's folder.</param>
/// <param name="Before">The operator before whose first or last node it is cut, at the node's data input.</param>
/// <param name="IsLast">True for the last node of that operator, false for the first.</param>
/// <param name="Pool">True to average over the spatial axes.</param>
/// <param name="Recipe">How pictures are made ready.</param>
internal sealed record ExportCase(string Folder, string Before, bool IsLast, bool Pool, InputRecipe Recipe)
{
    private const int Classes = 4;

    public static IReadOnlyList<ExportCase> All { get; } =
    [
        new("squeezenet", "Dropout", IsLast: true, Pool: true, InputRecipe.Caffe()),
        new("squeezenet-fp16", "Dropout", IsLast: true, Pool: true, InputRecipe.Caffe(resize: 232) with { Filter = ResizeFilter.Cubic }),
        new("cifar10-pytorch", "Gemm", IsLast: true, Pool: false, InputRecipe.Torchvision(size: 32, resize: 36) with { Filter = ResizeFilter.Cubic }),
        new("cifar10-resnet4b", "Gemm", IsLast: false, Pool: false, InputRecipe.KerasTorch(size: 32)),
        new("mnist-bn-pytorch", "Gemm", IsLast: true, Pool: false, new InputRecipe { Resize = new ResizeRule.Exact(new PixelSize(28, 28)), Filter = ResizeFilter.Cubic, Channels = 1, Scale = 1.0 / 255, Mean = [0.1307], Std = [0.3081] }),
        new("mnist-cntk", "MatMul", IsLast: true, Pool: false, new InputRecipe { Resize = new ResizeRule.ShorterSide(30), Crop = PixelSize.Square(28), Channels = 1, Mean = [0], Std = [1] }),
        new("mobilenetv2-035-tf2onnx", "MatMul", IsLast: true, Pool: false, InputRecipe.KerasTf(size: 128)),
        new("mesonet-nhwc-bn", "Transpose", IsLast: true, Pool: true, InputRecipe.Torchvision(size: 256, resize: 256) with { Layout = TensorLayout.Nhwc }),
    ];

    /// <summary>The network with its features as the only output, [N, F] or [N, F, 1, 1].</summary>
    public Model Truncated()
    {
        var model = OnnxFile.Read(Path.Combine(SharedMaterial.Path("models"), Folder, "model.onnx"));
        string cut = Cut(model.Graph);
        var graph = model.Graph.CutAt(cut);
        if (Pool) graph = graph.Append([new Node("GlobalAveragePool", [cut], ["pooled"]), new Node("Flatten", ["pooled"], ["features"])], outputs: [new ValueInfo("features", null)]);
        return model with { Graph = graph };
    }

    /// <summary>The value at which the network is cut.</summary>
    public string Cut(Graph graph)
    {
        var nodes = graph.Nodes.Where(n => n.OpType == Before);
        return (IsLast ? nodes.Last() : nodes.First()).Inputs[0];
    }

    /// <summary>What the pipeline computes for a picture, in three steps: preprocessing, network, head.</summary>
    public static float[] Features(InputRecipe recipe, Session session, ElementType type, Tensor picture)
    {
        var preprocessor = new ImagePreprocessor(recipe);
        var shape = preprocessor.OutputShape(new PixelSize((int)picture.Shape[0], (int)picture.Shape[1]));
        using var pixels = new Tensor(ElementType.Float32, new Shape([1, .. shape.Dims]));
        preprocessor.Run(picture, pixels.AsSpan<float>());
        using var input = type == ElementType.Float16 ? Tensor.From<Half>(pixels.Shape, Array.ConvertAll(pixels.AsSpan<float>().ToArray(), v => (Half)v)) : pixels.Clone();
        using var features = session.Run(input)[0];
        return features.ElementType == ElementType.Float16 ? Array.ConvertAll(features.AsSpan<Half>().ToArray(), v => (float)v) : features.AsSpan<float>().ToArray();
    }

    /// <summary>A head with random weights on standardised features, so that the scores spread.</summary>
    public static LinearHead Head(IReadOnlyList<float[]> features)
    {
        int count = features[0].Length;
        var random = new CounterRandom(11);
        float[] mean = [.. Enumerable.Range(0, count).Select(i => features.Average(f => f[i]))];
        double spread = Math.Sqrt(features.Average(f => f.Select((v, i) => (double)(v - mean[i]) * (v - mean[i])).Average())) + 1e-6;
        var weights = Enumerable.Range(0, Classes * count).Select(_ => (float)(random.NextNormal() / Math.Sqrt(count)));
        return new LinearHead(["daisy", "dandelion", "roses", "tulips"], count, [.. weights], [0.1f, 0, -0.1f, 0.05f], [new AffineNormalizer([.. mean], [.. Enumerable.Repeat((float)(1 / spread), count)])]);
    }

    public override string ToString() => Folder;
}
