using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Adds axes of length 1 at the given places of the output.</summary>
/// <remarks>Source: ONNX Unsqueeze-1, -11 (axes as an attribute), -13 to -25 (as an input). Negative axes count from the back since version 11.</remarks>
internal sealed class Unsqueeze : AliasOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntsAttribute Axes = new("axes") { Required = true, Until = 12 };

    public override OperatorSchema Schema { get; } = new("Unsqueeze", since: [1, 11, 13, 21, 23, 24, 25])
    {
        Breaking = [13],
        Inputs = [new("data", T), new("axes", new("tensor(int64)", [Engine.Tensors.ElementType.Int64])) { Since = 13, DecidesShape = true }],
        Outputs = [new("expanded", T)],
        Attributes = [Axes],
    };

    public override OperatorRole Role => OperatorRole.Rearrangement;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        if (AxesArgument.Of(n, Axes, 1).Axes is not { } axes)
        {
            var count = n.Input(1).Rank == 1 ? n.Input(1)[0] : 1;
            return [x with { Dims = count.IsKnown && count.Value <= TypeInference.MostElements ? new Dim[x.Rank + count.Value].ToValueList() : null }];
        }
        bool[] added = AxesArgument.Marked(n, axes, checked(x.Rank + axes.Length));
        var dims = new Dim[added.Length];
        for (int i = 0, next = 0; i < dims.Length; i++) dims[i] = added[i] ? 1 : x[next++];
        return [x with { Dims = dims.ToValueList() }];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) =>
        n.Version < 13 && lift.TargetOpset >= 13 ? AxesArgument.ToInput(n, lift, Axes) : base.Lift(n, lift);
}
