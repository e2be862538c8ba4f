using ConvTransfer.Engine.Reduction;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Reduction;

/// <summary>The axes of a reduction: an attribute in older versions, an input in newer ones.</summary>
internal static class ReductionAxes
{
    public static readonly IntAttribute KeepDims = new("keepdims", 1);

    /// <summary>For each axis of a tensor whether it is reduced; null where that is not known while typing.</summary>
    /// <param name="n">The node.</param>
    /// <param name="attribute">The attribute of the versions that have it.</param>
    /// <param name="inputSince">The version from which on input 1 holds the axes.</param>
    /// <param name="emptyIsNone">What no axes mean: true for none, false for all.</param>
    public static bool[]? Find(NodeContext n, IntsAttribute attribute, int inputSince, bool emptyIsNone)
    {
        int rank = n.Input(0).Rank;
        bool[] reduced = new bool[rank];
        long[]? axes = n.Version < inputSince ? n.Get(attribute) ?? [] : n.HasInput(1) ? n.ConstantIntegers(1) : [];
        if (axes is null) return null;
        foreach (long axis in axes)
        {
            int at = n.Axis(axis, rank);
            n.Require(!reduced[at], $"axis {axis} is given twice");
            reduced[at] = true;
        }
        if (axes.Length == 0 && !emptyIsNone) Array.Fill(reduced, true);
        return reduced;
    }

    /// <summary>The dims of the result.</summary>
    public static ValueList<Dim>? Dims(TensorType x, bool[]? reduced, bool keep)
    {
        if (reduced is null) return keep ? Enumerable.Repeat(Dim.Unknown, x.Rank).ToValueList() : null;
        return Enumerable.Range(0, x.Rank).Where(a => keep || !reduced[a]).Select(a => reduced[a] ? 1 : x[a]).ToValueList();
    }

    /// <summary>The geometry of a node whose shapes are known.</summary>
    public static ReductionGeometry Geometry(NodeContext n, bool[]? reduced) =>
        new(n.InputShape(0).Dims, reduced ?? throw n.Invalid("the axes are not known when the plan is made"));
}
