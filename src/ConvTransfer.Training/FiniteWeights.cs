using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>Looks for numbers that no training survives.</summary>
internal static class FiniteWeights
{
    /// <summary>Refuses float32 weights that are not finite, frozen ones too: nothing behind them could be trained. Numbers of rank 0 are settings of an operator, which it looks at itself.</summary>
    /// <exception cref="ConvTransferException">A weight is not finite: it is named, with the first such element.</exception>
    public static void Require(IEnumerable<TensorData> weights)
    {
        foreach (var data in weights.Where(d => d.ElementType == ElementType.Float32 && d.Dims.Count > 0))
        {
            using var tensor = data.ToTensor();
            var values = tensor.AsSpan<float>();
            for (int i = 0; i < values.Length; i++)
                if (!float.IsFinite(values[i])) throw new ConvTransferException(FailureCause.DataInvalid, $"weight '{DisplayText.Escape(data.Name)}' holds {values[i]} at element {i}: such a network cannot be trained");
        }
    }
}
