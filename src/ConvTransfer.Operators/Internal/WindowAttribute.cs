using ConvTransfer.Engine.Convolution;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The window of a forward node, resolved, as an attribute of its gradient: seven numbers for each spatial axis, in the order of <see cref="WindowAxis"/>.</summary>
internal static class WindowAttribute
{
    private const int Numbers = 7;

    /// <summary>The definition.</summary>
    public static readonly IntsAttribute Definition = new("window") { Required = true };

    /// <summary>The attribute of a node.</summary>
    public static NodeAttribute Of(WindowAxis[] axes) =>
        new(Definition.Name, new AttributeValue.Ints([.. axes.SelectMany(a => new long[] { a.Input, a.Kernel, a.Stride, a.Dilation, a.PadBegin, a.PadEnd, a.Output })]));

    /// <summary>The axes that a node's attribute holds.</summary>
    /// <exception cref="Core.ConvTransferException">They are not those of windows on an input of the node's rank.</exception>
    public static WindowAxis[] Read(NodeContext n)
    {
        long[] numbers = n.Get(Definition)!;
        int rank = n.Input(0).Rank - 2;
        n.Require(rank >= 1 && numbers.Length == rank * Numbers, $"attribute 'window' has {numbers.Length} numbers, expected {Numbers} for each of {rank} spatial axes");
        var axes = new WindowAxis[rank];
        for (int a = 0; a < rank; a++)
        {
            int[] at = Array.ConvertAll(numbers[(a * Numbers)..((a + 1) * Numbers)], v => checked((int)v));
            axes[a] = new WindowAxis(at[0], at[1], at[2], at[3], at[4], at[5], at[6]);
            n.Require(at[0] >= 1 && at[1] >= 1 && at[2] >= 1 && at[3] >= 1 && at[4] >= 0 && at[6] >= 1, $"attribute 'window' holds {axes[a]} for spatial axis {a}");
        }
        return axes;
    }

    /// <summary>Refuses an input whose spatial lengths are not those of the window's axes.</summary>
    public static void RequireSpatial(NodeContext n, int input, IEnumerable<int> lengths)
    {
        int a = 2;
        foreach (int length in lengths)
        {
            n.Require(n.Input(input).Rank > a && n.Input(input)[a].MayEqual(length), $"input {input} is {n.Input(input)}, expected length {length} on axis {a}");
            a++;
        }
    }
}
