using ConvTransfer.Core;
using ConvTransfer.Engine.Normalization;

namespace ConvTransfer.Operators.Internal;

/// <summary>Holds labels that are known only while running against the number of classes.</summary>
internal sealed record LabelCheck(string Node, string Label, LabelLossGeometry Geometry)
{
    /// <summary>What is wrong with a label.</summary>
    public static string Message(long label, long classes) => $"label {label} is no class, expected 0 to {classes - 1} or ignore_index";

    /// <summary>Refuses the first label that is no class.</summary>
    /// <exception cref="ConvTransferException">There is one.</exception>
    public unsafe void All(void* labels)
    {
        for (nint row = 0; row < Geometry.Rows; row++)
        {
            long label = Geometry.Label(labels, row);
            if (Geometry.Counts(label) && (label < 0 || label >= Geometry.Classes)) throw new ConvTransferException(FailureCause.DataInvalid, $"{Label}: {Message(label, Geometry.Classes)}", node: Node);
        }
    }
}
