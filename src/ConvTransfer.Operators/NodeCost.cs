using ConvTransfer.Graphs;

namespace ConvTransfer.Operators;

/// <summary>What a node costs and how far it sees.</summary>
/// <param name="MultiplyAdds">Multiplications with addition for the inferred shapes; null when a length is unknown.</param>
/// <param name="Window">The spatial window of a convolution or pool; null for operators without one.</param>
internal sealed record NodeCost(long? MultiplyAdds, SpatialWindow? Window = null)
{
    /// <summary>Costs that are not counted, and no window.</summary>
    public static NodeCost None { get; } = new(0L);

    /// <summary>The cost of a node; null when it is too large for a number.</summary>
    public static NodeCost? Of(NodeContext context)
    {
        try
        {
            return context.Operator.Cost(context);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>The sum, or the greatest number where it is more.</summary>
    public static long Sum(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;
}

/// <summary>The receptive window of one output position over the input, per spatial axis: effective (dilated) kernel lengths and strides. Null lengths mean the whole axis.</summary>
internal sealed record SpatialWindow(ValueList<long>? Kernel, ValueList<long> Strides);
