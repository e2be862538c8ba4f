using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Pipelines;

/// <summary>Law L11: a recipe in code has the bits of the recipe as nodes, in our engine and in ONNX Runtime.</summary>
public sealed class RecipeNodesTests
{
    private static readonly Dictionary<string, InputRecipe> Recipes = new()
    {
        ["torchvision"] = InputRecipe.Torchvision(size: 56, resize: 64),
        ["torchvision, cubic"] = InputRecipe.Torchvision(size: 57, resize: 64, ResizeFilter.Cubic),
        ["keras-tf, NHWC"] = InputRecipe.KerasTf(size: 48) with { Layout = TensorLayout.Nhwc },
        ["keras-caffe"] = InputRecipe.KerasCaffe(size: 48),
        ["caffe"] = InputRecipe.Caffe(size: 50, resize: 53),
        ["grey"] = new InputRecipe { Resize = new ResizeRule.Exact(new PixelSize(28, 30)), Filter = ResizeFilter.Cubic, Channels = 1, Scale = 1.0 / 255, Mean = [0.1307], Std = [0.3081] },
        ["grey, crop, NHWC"] = new InputRecipe { Resize = new ResizeRule.ShorterSide(40), Crop = new PixelSize(31, 28), Channels = 1, Layout = TensorLayout.Nhwc, Mean = [128], Std = [64] },
        ["exact and crop"] = new InputRecipe { Resize = new ResizeRule.Exact(new PixelSize(40, 61)), Crop = new PixelSize(33, 32), Mean = [1, 2, 3], Std = [3, 2, 1] },
        ["no resize"] = new InputRecipe { Scale = -0.5, Mean = [0, 1, 2], Std = [1, 3, 7] },
    };

    public static TheoryData<string> Names => [.. Recipes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void NodesHaveTheBitsOfTheCode(string name)
    {
        var recipe = Recipes[name];
        var nodes = new NodeSequence(new Graph());
        RecipeNodes.Add(nodes, recipe, "image", ElementType.Float32, "pixels");
        var image = new ValueInfo("image", new TensorType(ElementType.UInt8, [Dim.Of("N"), Dim.Of("H"), Dim.Of("W"), 3]));
        var graph = new Graph { Name = "recipe", Inputs = [image] }.Append(nodes.Nodes, nodes.Constants, [new ValueInfo("pixels", new TensorType(ElementType.Float32, [Dim.Of("N"), Dim.Unknown, Dim.Unknown, Dim.Unknown]))]);
        var model = new Model(graph) { OpsetImports = [new OpsetImport("", 18)] };
        using var runtime = new Yardstick(model);
        using var planner = new Planner(model);
        using var session = planner.CreateSession(1);
        var preprocessor = new ImagePreprocessor(recipe);
        foreach (var (h, w) in TestPictures.Sizes)
        {
            using var picture = TestPictures.Make(h, w, h + w);
            using var batch = picture.WithShape(new Shape(1, h, w, 3));
            var shape = preprocessor.OutputShape(new PixelSize(h, w));
            using var expected = new Tensor(ElementType.Float32, new Shape([1, .. shape.Dims]));
            preprocessor.Run(picture, expected.AsSpan<float>());
            using Tensor ours = session.Run(batch)[0], theirs = runtime.Run(("image", batch))[0];
            foreach (var (actual, who) in new[] { (ours, "our engine"), (theirs, "ONNX Runtime") })
            {
                Assert.Equal(expected.Shape, actual.Shape);
                Assert.True(expected.AsBytes().SequenceEqual(actual.AsBytes()), $"{who}: other bits at {h}x{w}");
            }
        }
    }
}
