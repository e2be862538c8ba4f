using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = (X - mean) / sqrt(variance + epsilon) · Scale + B, with the mean and variance over the axes from axis on; the mean and 1 / sqrt(variance + epsilon) where they are asked for.</summary>
/// <remarks>Source: ONNX LayerNormalization-17; Ba, Kiros and Hinton 2016. Statistics are taken in double and handed out in float32, as stash_type 1 says; bfloat16 is refused.</remarks>
internal sealed class LayerNormalization : RowNormalizationOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly TypeVariable U = new("U", [ElementType.Float32]);
    private static readonly IntAttribute AxisOf = new("axis", -1);
    private static readonly IntAttribute StashType = new("stash_type", 1);

    public override OperatorSchema Schema { get; } = new("LayerNormalization", since: [17])
    {
        Inputs = [new("X", T), new("Scale", T), new("B", T, Presence.Optional)],
        Outputs = [new("Y", T), new("Mean", U, Presence.Optional), new("InvStdDev", U, Presence.Optional)],
        Attributes = [AxisOf, Epsilon, StashType],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        RequireEpsilon(n);
        var x = n.Input(0);
        int axis = Axis(n);
        for (int i = 1; i < 3; i++)
        {
            if (!n.HasInput(i)) continue;
            var given = n.Input(i);
            bool fits = given.Rank == x.Rank - axis && Enumerable.Range(axis, given.Rank).All(a => given[a - axis].MayEqual(x[a]));
            n.Require(fits, $"input '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {given}, expected the lengths of X {x} from axis {axis} on");
        }
        if (n.Get(StashType) != 1) throw n.Unsupported($"attribute 'stash_type' is {n.Get(StashType)}; only 1, float32, is supported");
        TensorType statistics = new(ElementType.Float32, x.Dims!.Value.Select((d, a) => a < axis ? d : 1).ToValueList()), y = x;
        return [.. new[] { y, statistics, statistics }.Take(n.OutputCount)];
    }

    public override void Gradient(GradientContext g)
    {
        if (g.OutputGradient(1) is not null || g.OutputGradient(2) is not null) throw g.N.Unsupported("the statistics have no gradient of their own");
        if (g.OutputGradient(0) is not null) RowNormalizationGradient.Emit(g, g.N.InputShape(0), Axis(g.N), g.N.InputShape(1), g.N.Get(Epsilon));
    }

    protected override (nint Rows, ScaleLayout Layout) Rows(NodeContext n)
    {
        var x = n.InputShape(0);
        int axis = Axis(n);
        return ((nint)x.Product(0, axis), new ScaleLayout(1, (nint)x.Product(axis, x.Rank), 1));
    }

    private static int Axis(NodeContext n) => n.Axis(n.Get(AxisOf), n.Input(0).Rank, "attribute 'axis'");
}
