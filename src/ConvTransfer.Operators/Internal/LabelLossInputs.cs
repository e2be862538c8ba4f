using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>What a loss of labels and its gradient have in common: attributes, and the inputs X [N, C, …], labels [N, …] and weights [C].</summary>
internal static class LabelLossInputs
{
    public static readonly StringAttribute Reduction = new("reduction", "mean", "none", "sum", "mean");
    public static readonly IntAttribute IgnoreIndex = new("ignore_index");

    /// <summary>The label that does not count; null where every one does.</summary>
    public static long? Ignored(NodeContext n) => n.Has(IgnoreIndex) ? n.Get(IgnoreIndex) : null;

    /// <summary>The shape of the labels of X [N, C, …]: [N, …]. Refuses labels and weights that do not fit.</summary>
    public static ValueList<Dim> Check(NodeContext n, int first)
    {
        TensorType x = n.Input(first), labels = n.Input(first + 1);
        n.Require(x.Rank >= 2, $"input {first} is {x}, expected [N, C, …]");
        Dim[] rows = [.. x.Dims!.Value.Where((_, a) => a != 1)];
        n.Require(labels.Rank == rows.Length && rows.Select((d, a) => d.MayEqual(labels[a])).All(fits => fits), $"the labels are {labels}, expected one for each position of {x} without its classes, axis 1");
        if (n.HasInput(first + 2)) n.Require(n.Input(first + 2).Rank == 1 && n.Input(first + 2)[0].MayEqual(x[1]), $"the weights are {n.Input(first + 2)}, expected one number for each of the {x[1]} classes");
        return rows.Select((d, a) => d.IsKnown ? d : labels[a]).ToValueList();
    }

    /// <summary>The numbers of a node whose X and labels are the inputs from <paramref name="first"/> on.</summary>
    public static LabelLossGeometry Geometry(NodeContext n, int first, bool ofScores)
    {
        var x = n.InputShape(first);
        var reduction = n.Get(Reduction) switch { "none" => LossReduction.None, "sum" => LossReduction.Sum, _ => LossReduction.Mean };
        return new((nint)x[0], (nint)x[1], (nint)x.Product(2, x.Rank), ofScores, reduction, Ignored(n), n.Input(first + 1).ElementType == ElementType.Int64);
    }
}
