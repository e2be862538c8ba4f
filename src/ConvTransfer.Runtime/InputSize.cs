using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>Lets a network take pictures of another size than its file declares.</summary>
public static class InputSize
{
    /// <summary>The network with other lengths of its input's spatial axes. Lengths that its file declares for values inside are dropped, since they follow from the input's.</summary>
    /// <param name="model">The network, with one input of rank 4.</param>
    /// <param name="height">The height.</param>
    /// <param name="width">The width.</param>
    /// <param name="channelsLast">True where the input is [N, H, W, C].</param>
    /// <remarks>Whether the network can be run so is told when it is typed: convolutions and pools can, a dense layer on a flattened map cannot.</remarks>
    /// <exception cref="ArgumentException">The network has not one input of rank 4.</exception>
    public static Model WithInputSize(this Model model, int height, int width, bool channelsLast = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        var inputs = model.Graph.RequiredInputs.ToArray();
        if (inputs is not [{ Type: TensorType { Dims: { Count: 4 } dims } type } input]) throw new ArgumentException("the size of the input can be changed only where the network has one input of rank 4", nameof(model));
        var resized = input with { Type = type with { Dims = channelsLast ? [dims[0], height, width, dims[3]] : [dims[0], dims[1], height, width] } };
        return model with
        {
            Graph = model.Graph with
            {
                Inputs = model.Graph.Inputs.Select(i => i.Name == input.Name ? resized : i).ToValueList(),
                Outputs = model.Graph.Outputs.Select(o => o with { Type = null }).ToValueList(),
                ValueInfos = [],
            },
        };
    }
}
