using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Axes that older versions of an operator have as an attribute and newer ones as an input.</summary>
internal static class AxesArgument
{
    /// <summary>The axes as the node gives them. <c>IsGiven</c> is false when it gives none, <c>Axes</c> is null when they are known only at run time.</summary>
    public static (bool IsGiven, long[]? Axes) Of(NodeContext n, IntsAttribute attribute, int input)
    {
        if (n.Get(attribute) is { } given) return (true, given);
        return (n.HasInput(input), n.ConstantIntegers(input));
    }

    /// <summary>Marks axes of a tensor of some rank.</summary>
    /// <exception cref="Core.ConvTransferException">An axis is out of range or given twice.</exception>
    public static bool[] Marked(NodeContext n, long[] axes, int rank)
    {
        bool[] marked = new bool[rank];
        foreach (long given in axes)
        {
            int axis = n.Axis(given, rank);
            n.Require(!marked[axis], $"axis {axis} is given twice");
            marked[axis] = true;
        }
        return marked;
    }

    /// <summary>The node with its attribute as an input.</summary>
    public static Node[] ToInput(NodeContext n, LiftContext lift, IntsAttribute attribute)
    {
        if (n.Get(attribute) is not { } axes) return [n.Node];
        string name = lift.Constant(attribute.Name, TensorData.From<long>("", [axes.Length], axes));
        return [n.Node with { Inputs = [n.Node.Inputs[0], name], Attributes = n.Node.Attributes.Where(a => a.Name != attribute.Name).ToValueList() }];
    }
}
