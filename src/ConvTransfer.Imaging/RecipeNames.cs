using System.Globalization;
using ConvTransfer.Core;

namespace ConvTransfer.Imaging;

/// <summary>The recipes that have a name.</summary>
internal static class RecipeNames
{
    public static IReadOnlyList<string> All { get; } = ["torchvision", "keras-tf", "keras-caffe", "keras-torch", "caffe"];

    /// <summary>The recipe of NAME[:SIZE][:nchw|:nhwc], or null when the text does not begin with a known name.</summary>
    /// <exception cref="ConvTransferException">What follows the name is no size and no layout.</exception>
    public static InputRecipe? Find(string text)
    {
        string[] parts = text.Split(':');
        if (!All.Contains(parts[0])) return null;
        int? size = null;
        TensorLayout layout = TensorLayout.Nchw;
        foreach (string part in parts.Skip(1))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= InputRecipe.MaxSide && size is null) size = number;
            else if (part == "nhwc") layout = TensorLayout.Nhwc;
            else if (part != "nchw") throw new ConvTransferException(FailureCause.DataInvalid, $"recipe '{DisplayText.Escape(text)}': '{DisplayText.Escape(part)}' is neither a size between 1 and {InputRecipe.MaxSide} pixels nor nchw or nhwc; a name is written NAME[:SIZE][:LAYOUT], such as torchvision:224");
        }
        var recipe = Named(parts[0], size) with { Layout = layout };
        return recipe.Fault() is { } fault ? throw new ConvTransferException(FailureCause.DataInvalid, $"recipe '{DisplayText.Escape(text)}': {fault}") : recipe;
    }

    // For other sizes than 224 the shorter side keeps torchvision's and Caffe's ratio to the crop, 256 : 224 = 8 : 7.
    private static InputRecipe Named(string name, int? size)
    {
        int side = size ?? 224, resize = checked((int)(side * 8L / 7));
        return name switch
        {
            "torchvision" => InputRecipe.Torchvision(side, resize),
            "keras-tf" => InputRecipe.KerasTf(side),
            "keras-caffe" => InputRecipe.KerasCaffe(side),
            "keras-torch" => InputRecipe.KerasTorch(side),
            _ => InputRecipe.Caffe(side, resize),
        };
    }
}
