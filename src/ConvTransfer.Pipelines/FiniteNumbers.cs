using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>Refuses numbers that are not finite where a result would silently become one too.</summary>
internal static class FiniteNumbers
{
    /// <summary>Throws unless every number is finite.</summary>
    public static void Require(ValueList<float> values, string what)
    {
        for (int i = 0; i < values.Count; i++)
            if (!float.IsFinite(values[i])) throw new ConvTransferException(FailureCause.DataInvalid, string.Create(CultureInfo.InvariantCulture, $"{what}: number {i} is {values[i]}, expected a finite number"));
    }
}
