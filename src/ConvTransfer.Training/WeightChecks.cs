using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>Refuses networks whose numbers cannot be trained.</summary>
internal static class WeightChecks
{
    /// <summary>Refuses networks that take or hold 16-bit floats, or take doubles.</summary>
    /// <exception cref="ConvTransferException">The type is named.</exception>
    public static void RequireFloat32(Model network)
    {
        var inputs = network.Graph.RequiredInputs.Select(i => i.Type).OfType<TensorType>().Select(t => t.ElementType);
        var weights = StoredNumbers.Of(network).Values.Select(t => t.ElementType).Where(t => t != ElementType.Float64);
        foreach (var type in inputs.Concat(weights))
            if (type is ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64)
                throw new ConvTransferException(FailureCause.Unsupported, $"the network computes in {type.OnnxName()}: only networks in float can be trained", network.File);
    }

    /// <summary>Refuses float32 weights that are not finite, frozen ones too: nothing behind them could be trained. Numbers of rank 0 are settings of an operator, which it looks at itself.</summary>
    /// <exception cref="ConvTransferException">A weight is not finite: it is named, with the first such element.</exception>
    public static void RequireFinite(IEnumerable<TensorData> weights)
    {
        foreach (var data in weights.Where(d => d.ElementType == ElementType.Float32 && d.Dims.Count > 0))
        {
            using var tensor = data.ToTensor();
            var values = tensor.AsSpan<float>();
            if (NonFiniteSearch.FirstIn(values) is >= 0 and var i) throw new ConvTransferException(FailureCause.DataInvalid, $"weight '{DisplayText.Escape(data.Name)}' holds {values[i]} at element {i}: such a network cannot be trained");
        }
    }
}
