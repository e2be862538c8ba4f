using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Removes axes of length 1: the given ones, or all where none are given.</summary>
/// <remarks>Source: ONNX Squeeze-1, -11 (axes as an attribute), -13 to -25 (as an input).</remarks>
internal sealed class Squeeze : AliasOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntsAttribute Axes = new("axes") { Until = 12 };

    public override OperatorSchema Schema { get; } = new("Squeeze", since: [1, 11, 13, 21, 23, 24, 25])
    {
        Breaking = [13],
        Inputs = [new("data", T), new("axes", new("tensor(int64)", [Engine.Tensors.ElementType.Int64]), Presence.Optional) { Since = 13, DecidesShape = true }],
        Outputs = [new("squeezed", T)],
        Attributes = [Axes],
    };

    public override OperatorRole Role => OperatorRole.Rearrangement;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        var (isGiven, axes) = AxesArgument.Of(n, Axes, 1);
        if (isGiven && axes is null)
        {
            var count = n.Input(1).Rank == 1 ? n.Input(1)[0] : 1;
            return [x with { Dims = count.IsKnown && count.Value <= x.Rank ? new Dim[x.Rank - count.Value].ToValueList() : null }];
        }
        var dims = x.Dims!.Value;
        // Without axes an unknown length may or may not go, and with it the rank.
        if (axes is null) return [x with { Dims = dims.All(d => d.IsKnown) ? dims.Where(d => d.Value != 1).ToValueList() : null }];
        bool[] removed = AxesArgument.Marked(n, axes, x.Rank);
        for (int i = 0; i < removed.Length; i++)
            n.Require(!removed[i] || dims[i].MayEqual(1), $"axis {i} of {x} has length {dims[i]} and cannot be removed");
        return [x with { Dims = dims.Where((_, i) => !removed[i]).ToValueList() }];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) =>
        n.Version < 13 && lift.TargetOpset >= 13 ? AxesArgument.ToInput(n, lift, Axes) : base.Lift(n, lift);
}
