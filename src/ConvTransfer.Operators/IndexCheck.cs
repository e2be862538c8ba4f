using ConvTransfer.Core;

namespace ConvTransfer.Operators;

/// <summary>Holds indices that are known only while running against the length of their axis.</summary>
internal sealed record IndexCheck(string Node, string Label, int Axis, long Length)
{
    /// <summary>What is wrong with an index.</summary>
    public static string Message(long index, int axis, long length) => $"index {index} is outside axis {axis} of length {length}, expected {-length} to {length - 1}";

    /// <summary>The index counted from the front.</summary>
    /// <exception cref="ConvTransferException">It is out of range.</exception>
    public long FromFront(long index)
    {
        if (index < -Length || index >= Length) throw new ConvTransferException(FailureCause.DataInvalid, $"{Label}: {Message(index, Axis, Length)}", node: Node);
        return index < 0 ? index + Length : index;
    }
}
