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
/// <param name="Width">The number of features of a picture: the product of the lengths behind the first axis.</param>
/// <param name="AnyBatch">True when it takes any number of pictures at a time, false when one.</param>
internal sealed record FeatureNetwork(Model Model, ElementType InputType, ElementType OutputType, int OutputRank, int Width, bool AnyBatch)
{
    /// <summary>Holds a network against the recipe before it.</summary>
    /// <exception cref="ConvTransferException">It does not take the pictures that the recipe makes, cannot be run, or gives no features.</exception>
    public static FeatureNetwork Of(Model model, InputRecipe recipe, Limits? limits = null)
    {
        var inputs = model.Graph.RequiredInputs.ToArray();
        if (inputs.Length != 1) throw new ConvTransferException(FailureCause.Unsupported, $"the network takes {inputs.Length} inputs, expected one: a batch of pictures", model.File);
        if (model.Graph.Outputs.Count != 1) throw new ConvTransferException(FailureCause.Unsupported, $"the network gives {model.Graph.Outputs.Count} outputs, expected one: the features. Cut it at one value", model.File);
        string shown = DisplayText.Escape(inputs[0].Name);
        if (inputs[0].Type is not TensorType { ElementType: ElementType.Float32 or ElementType.Float16, Dims: { Count: 4 } dims } type)
            throw new ConvTransferException(FailureCause.Unsupported, $"the network's input '{shown}' is {inputs[0].Type}, expected float or float16 of rank 4", model.File);

        using var planner = new Planner(model, limits: limits);
        var features = FeaturesOf(planner, PixelShape(recipe, 1), recipe, model.File);
        if (features.ElementType is not (ElementType.Float32 or ElementType.Float16) || features.Rank < 2 || features[0].Value != 1)
            throw new ConvTransferException(FailureCause.Unsupported, $"the network gives {features} for one picture, expected float or float16 with a first axis of length 1", model.File);
        int width = checked((int)features.ToShape().Product(1, features.Rank));
        bool anyBatch = !dims[0].IsKnown && GivesRows(planner, PixelShape(recipe, 3), features);
        return new FeatureNetwork(model, type.ElementType, features.ElementType, features.Rank, width, anyBatch);
    }

    private static TensorType FeaturesOf(Planner planner, Shape pixels, InputRecipe recipe, string? file)
    {
        try
        {
            return planner.OutputTypes(pixels)[0];
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.DataInvalid)
        {
            string size = recipe.FixedSize?.ToString() ?? "any size";
            throw new ConvTransferException(FailureCause.DataInvalid, $"the network does not take what the recipe makes, {recipe.Channels} channels of {size} in the order {recipe.Layout.ToString().ToUpperInvariant()}: {e.Detail}", file, e.Node, innerException: e);
        }
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
