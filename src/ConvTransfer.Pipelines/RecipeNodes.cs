using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;
using static ConvTransfer.Pipelines.NodeSequence;

namespace ConvTransfer.Pipelines;

/// <summary>A recipe as nodes of ai.onnx-18: the same steps in the same order and with the same roundings as in code.</summary>
internal static class RecipeNodes
{
    /// <summary>Adds the nodes.</summary>
    /// <param name="to">Takes them.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="image">The pictures: uint8 [N, H, W, 3].</param>
    /// <param name="type">The element type that the network takes.</param>
    /// <param name="pixels">The name for what the network takes.</param>
    public static void Add(NodeSequence to, InputRecipe recipe, string image, ElementType type, string pixels)
    {
        string x = recipe.Channels == 1 ? ImageNodes.Luma(to, image) : image;
        x = Sized(to, recipe, x);
        if (recipe.ChannelOrder == ChannelOrder.Bgr) x = to.Add("image/bgr", "Gather", [x, to.Integers("image/bgr_channels", 2, 1, 0)], Attribute("axis", 3));
        // Two roundings to float32, as in code: a product, then a sum.
        x = to.Add("image/float", "Cast", [x], Attribute("to", (long)ElementType.Float32));
        x = to.Add("image/multiplied", "Mul", [x, to.Constant("image/multiplier", [recipe.Channels], recipe.Multiplier.AsSpan())]);
        x = to.Add("image/normalized", "Add", [x, to.Constant("image/offset", [recipe.Channels], recipe.Offset.AsSpan())]);
        if (recipe.Layout == TensorLayout.Nchw) x = to.Add("image/nchw", "Transpose", [x], Attribute("perm", [0, 3, 1, 2]));
        if (type != ElementType.Float32) to.Add("image/typed", "Cast", [x], Attribute("to", (long)type));
        to.EndAs(pixels);
    }

    private static string Sized(NodeSequence to, InputRecipe recipe, string x)
    {
        bool cubic = recipe.Filter == ResizeFilter.Cubic;
        string? sizes = null;
        switch (recipe.Resize)
        {
            case ResizeRule.ShorterSide side:
                sizes = ImageNodes.ShorterSide(to, ImageNodes.Sizes(to, x), side.Length);
                x = ImageNodes.Resize(to, x, sizes, cubic);
                break;
            case ResizeRule.Exact exact:
                sizes = to.Integers("image/resized_sizes", exact.Size.Height, exact.Size.Width);
                x = ImageNodes.Resize(to, x, sizes, cubic);
                break;
        }
        return recipe.Crop is { } crop ? ImageNodes.CentreCrop(to, x, sizes ?? ImageNodes.Sizes(to, x), crop.Height, crop.Width) : x;
    }
}
