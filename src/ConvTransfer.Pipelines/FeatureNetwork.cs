using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>A truncated network of which it is known what it takes and gives.</summary>
/// <param name="Model">The network; where it takes any number of pictures, its types say so.</param>
/// <param name="InputType">The element type of its input.</param>
/// <param name="OutputType">The element type of the features.</param>
/// <param name="OutputRank">The rank of the features.</param>
/// <param name="AnyBatch">True when it takes any number of pictures at a time, false when one.</param>
internal sealed record FeatureNetwork(Model Model, ElementType InputType, ElementType OutputType, int OutputRank, bool AnyBatch)
{
    /// <summary>Holds a network against the recipe before it and the head behind it.</summary>
    /// <exception cref="ArgumentException">It does not give that number of features.</exception>
    /// <exception cref="ConvTransferException">It does not take the pictures that the recipe makes.</exception>
    public static FeatureNetwork Of(Model model, InputRecipe recipe, int featureCount)
    {
        if (recipe is { Crop: not null, Resize: null }) throw new ConvTransferException(FailureCause.Unsupported, "the recipe crops without a resize before it; a file that takes pictures of any size needs one, since a picture may be smaller than the crop");
        var inputs = model.Graph.RequiredInputs.ToArray();
        if (inputs.Length != 1) throw new ConvTransferException(FailureCause.Unsupported, $"the network takes {inputs.Length} inputs, expected one: a batch of pictures", model.File);
        if (model.Graph.Outputs.Count != 1) throw new ArgumentException($"the network gives {model.Graph.Outputs.Count} outputs, expected one: the features");
        string shown = DisplayText.Escape(inputs[0].Name);
        if (inputs[0].Type is not TensorType { ElementType: ElementType.Float32 or ElementType.Float16, Dims: { Count: 4 } dims } type)
            throw new ConvTransferException(FailureCause.Unsupported, $"the network's input '{shown}' is {inputs[0].Type}, expected float or float16 of rank 4", model.File);

        using var planner = new Planner(model);
        var features = planner.OutputTypes(PixelShape(recipe, 1))[0];
        long width = features.ToShape().Product(1, features.Rank);
        if (features.ElementType is not (ElementType.Float32 or ElementType.Float16) || features.Rank < 2 || features[0].Value != 1 || width != featureCount)
            throw new ArgumentException($"the network gives {features} for one picture, but the head is made for {featureCount} features");
        bool anyBatch = !dims[0].IsKnown && GivesRows(planner, PixelShape(recipe, 3), features);
        return new FeatureNetwork(model, type.ElementType, features.ElementType, features.Rank, anyBatch);
    }

    // A recipe that keeps the picture's size is tried with a common one.
    private static Shape PixelShape(InputRecipe recipe, long batch)
    {
        var size = recipe.FixedSize ?? recipe.ResizedSize(PixelSize.Square(224));
        return recipe.Layout == TensorLayout.Nchw ? new Shape(batch, recipe.Channels, size.Height, size.Width) : new Shape(batch, size.Height, size.Width, recipe.Channels);
    }

    // A network with a symbolic batch may still hold a Reshape that joins the pictures of a batch.
    private static bool GivesRows(Planner planner, Shape pixels, TensorType one)
    {
        try
        {
            return planner.OutputTypes(pixels)[0].Equals(one with { Dims = [pixels[0], .. one.Dims!.Value.Skip(1)] });
        }
        catch (ConvTransferException)
        {
            return false;
        }
    }
}
