using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>A tensor cut along one axis: into parts of given lengths, or into equal ones.</summary>
/// <remarks>
/// Source: ONNX Split-1 (lengths as an input or an attribute), -2 (as an attribute), -11 (negative axes, which
/// PyTorch wrote before too and which are taken in every version), -13 (as an input), -18 (num_outputs; the last part is the shorter one where the axis does not divide).
/// </remarks>
internal sealed class Split : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute AxisOf = new("axis");
    private static readonly IntsAttribute Lengths = new("split") { Until = 12 };
    private static readonly IntAttribute NumOutputs = new("num_outputs") { Since = 18 };

    public override OperatorSchema Schema { get; } = new("Split", since: [1, 2, 11, 13, 18])
    {
        Breaking = [2, 13, 18],
        Inputs =
        [
            new("input", T),
            new("split", T, Presence.Optional) { Until = 1, DecidesShape = true },
            new("split", new("tensor(int64)", [ElementType.Int64]), Presence.Optional) { Since = 13, DecidesShape = true },
        ],
        Outputs = [new("outputs", T, Presence.Variadic)],
        Attributes = [AxisOf, Lengths, NumOutputs],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        int axis = AxisFor(n);
        var parts = Parts(n, axis);
        return [.. parts.Select(length => x with { Dims = x.Dims!.Value.Select((d, i) => i == axis ? length : d).ToValueList() })];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 18 || lift.TargetOpset < 13) return [n.Node];
        var others = n.Node.Attributes.Where(a => a.Name != Lengths.Name).ToValueList();
        if (n.Get(Lengths) is { } lengths) return [n.Node with { Inputs = [n.Node.Inputs[0], lift.Constant("split", TensorData.From<long>("", [lengths.Length], lengths))], Attributes = others }];
        if (n.HasInput(1) || lift.TargetOpset < 18) return [n.Node];
        return [n.Node with { Attributes = [.. others, new NodeAttribute(NumOutputs.Name, new AttributeValue.Int(n.OutputCount))] }];
    }

    public override void Gradient(GradientContext g)
    {
        string[] parts = [.. Enumerable.Range(0, g.N.OutputCount).Select(i => g.OutputGradient(i) ?? g.Node("Expand", [g.Scalar(0), g.Integers(g.N.OutputShape(i).Dims)]))];
        g.Accumulate(0, g.Node("Concat", [.. parts], [new NodeAttribute("axis", new AttributeValue.Int(AxisFor(g.N)))]));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        int axis = AxisFor(n);
        long[] from = StridedCopy.DenseStrides(x.Dims);
        var parts = new List<CopyPart>();
        long at = 0;
        for (int i = 0; i < n.OutputCount; i++)
        {
            var y = n.OutputShape(i);
            if (n.HasOutput(i)) parts.Add(new CopyPart(0, i, new StridedCopy(y.Dims, from, StridedCopy.DenseStrides(y.Dims), fromStart: at * from[axis])));
            at += y[axis];
        }
        return new CopyKernel(n.Input(0).ElementType, [.. parts]);
    }

    private static int AxisFor(NodeContext n)
    {
        n.Require(n.Input(0).Rank > 0, "a scalar has no axis to be cut along");
        return n.Axis(n.Get(AxisOf), n.Input(0).Rank);
    }

    private static Dim[] Parts(NodeContext n, int axis)
    {
        var length = n.Input(0)[axis];
        if (n.Version == 1 && n.HasInput(1)) throw n.Unsupported("the lengths of the parts as a second input, which only opset 1 has, are not supported");
        n.Require(n.Version < 18 || n.HasInput(1) != n.Has(NumOutputs), "expected either the lengths of the parts or num_outputs");
        if (n.HasInput(1) || n.Has(Lengths))
        {
            var given = n.HasInput(1) ? n.Elements(1) ?? new Dim[n.OutputCount] : Array.ConvertAll(n.Get(Lengths)!, v => (Dim)v);
            n.Require(given.Length == n.OutputCount, $"{given.Length} lengths of parts are given for {n.OutputCount} outputs");
            foreach (var part in given) n.Require(!part.IsKnown || part.Value >= 0, $"the length {part} of a part is negative");
            if (length.IsKnown && given.All(p => p.IsKnown)) n.Require(given.Aggregate(0L, (sum, p) => checked(sum + p.Value)) == length.Value, $"the parts [{string.Join(", ", given)}] do not make up the length {length} of axis {axis}");
            return given;
        }
        int count = n.OutputCount;
        if (n.Version >= 18) n.Require(n.Get(NumOutputs) == count, $"num_outputs is {n.Get(NumOutputs)}, but the node has {count} outputs");
        if (!length.IsKnown) return count == 1 ? [length] : new Dim[count];
        if (n.Version < 18) n.Require(length.Value % count == 0, $"length {length} of axis {axis} cannot be cut into {count} equal parts");
        long size = ((length.Value - 1) / count) + 1, last = length.Value - (size * (count - 1));
        if (length.Value == 0) size = last = 0;
        n.Require(last >= 0, $"length {length} of axis {axis} cannot be cut into {count} parts of length {size}");
        return [.. Enumerable.Repeat((Dim)size, count - 1), last];
    }
}
