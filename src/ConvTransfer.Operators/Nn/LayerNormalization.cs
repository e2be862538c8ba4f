using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = (X - mean) / sqrt(variance + epsilon) · Scale + B, with the mean and variance over the axes from axis on; the mean and 1 / sqrt(variance + epsilon) where they are asked for.</summary>
/// <remarks>Source: ONNX LayerNormalization-17; Ba, Kiros and Hinton 2016. Scale and B may be of any shape that spreads over X. Statistics are taken in double and handed out in float32, as stash_type 1 says; bfloat16 is refused.</remarks>
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
            int before = x.Rank - given.Rank;
            bool fits = before >= 0 && Enumerable.Range(0, given.Rank).All(a => given[a].IsSame(1) || given[a].MayEqual(x[before + a]));
            n.Require(fits, $"input '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {given}, expected lengths that spread over X {x}");
        }
        if (n.Get(StashType) != 1) throw n.Unsupported($"attribute 'stash_type' is {n.Get(StashType)}; only 1, float32, is supported");
        TensorType statistics = new(ElementType.Float32, x.Dims!.Value.Select((d, a) => a < axis ? d : 1).ToValueList()), y = x;
        return [.. new[] { y, statistics, statistics }.Take(n.OutputCount)];
    }

    public override void Gradient(GradientContext g)
    {
        if (g.OutputGradient(1) is not null || g.OutputGradient(2) is not null) throw g.N.Unsupported("the statistics have no gradient of their own");
        if (g.OutputGradient(0) is not null) RowNormalizationGradient.Emit(g, g.N.InputShape(0), Axis(g.N), g.N.InputShape, g.N.Get(Epsilon));
    }

    protected override (nint Rows, ScaleLayout Layout) Rows(NodeContext n)
    {
        var x = n.InputShape(0);
        int axis = Axis(n);
        return ((nint)x.Product(0, axis), new ScaleLayout((nint)x.Product(FirstAxis(n), axis), (nint)x.Product(axis, x.Rank), 1));
    }

    protected override (StridedCopy? Scale, StridedCopy? Shift) Spread(NodeContext n) => (Spread(n, 1), Spread(n, 2));

    // The first axis of X along which scale or B differ, or that at which the rows begin: from there on there is a number for each element.
    private static int FirstAxis(NodeContext n)
    {
        var x = n.InputShape(0);
        int first = Axis(n);
        for (int i = 1; i < n.InputCount; i++)
        {
            if (!n.HasInput(i)) continue;
            var given = n.InputShape(i);
            for (int a = 0; a < given.Rank; a++)
                if (given[a] != 1) first = System.Math.Min(first, x.Rank - given.Rank + a);
        }
        return first;
    }

    private static StridedCopy? Spread(NodeContext n, int input)
    {
        if (!n.HasInput(input)) return null;
        Shape x = n.InputShape(0), given = n.InputShape(input);
        int first = FirstAxis(n);
        var laid = new Shape(x.Dims[first..]);
        if (given.ElementCount == laid.ElementCount) return null;
        // Axes of length 1 before the first are left out.
        var own = new Shape(given.Dims[System.Math.Max(0, given.Rank - laid.Rank)..]);
        return new StridedCopy(laid.Dims, Broadcasting.Strides(own, laid), StridedCopy.DenseStrides(laid.Dims));
    }

    private static int Axis(NodeContext n) => n.Axis(n.Get(AxisOf), n.Input(0).Rank, "attribute 'axis'");
}
