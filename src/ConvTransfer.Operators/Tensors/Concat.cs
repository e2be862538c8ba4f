using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Tensors put together along one axis.</summary>
/// <remarks>Source: ONNX Concat-1 (axis 1 by default), -4, -11 (negative axes, which PyTorch wrote before too and which are taken in every version), -13.</remarks>
internal sealed class Concat : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute DefaultAxis = new("axis", 1) { Until = 3 };
    private static readonly IntAttribute AxisOf = new("axis") { Since = 4, Required = true };

    public override OperatorSchema Schema { get; } = new("Concat", since: [1, 4, 11, 13])
    {
        Breaking = [4],
        Inputs = [new("inputs", T, Presence.Variadic)],
        Outputs = [new("concat_result", T)],
        Attributes = [DefaultAxis, AxisOf],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        for (int i = 0; i < n.InputCount; i++) n.Require(n.HasInput(i), $"input {i} is left out");
        var first = n.Input(0);
        int axis = AxisFor(n);
        Dim[] dims = [.. first.Dims!.Value.AsSpan()];
        for (int i = 1; i < n.InputCount; i++)
        {
            var x = n.Input(i);
            n.Require(x.Rank == dims.Length, $"input {i} is {x}, expected rank {dims.Length} as of input 0");
            for (int d = 0; d < dims.Length; d++)
            {
                if (d == axis) continue;
                n.Require(dims[d].MayEqual(x[d]), $"input {i} is {x}, expected length {dims[d]} of axis {d}");
                if (!dims[d].IsKnown) dims[d] = x[d].IsKnown || dims[d].Symbol is null ? x[d] : dims[d];
            }
        }
        dims[axis] = Length(n, axis);
        return [first with { Dims = dims.ToValueList() }];
    }

    public override Dim[]? InferElements(NodeContext n)
    {
        var parts = Enumerable.Range(0, n.InputCount).Select(n.Elements).ToArray();
        return parts.Any(p => p is null) ? null : [.. parts.SelectMany(p => p!)];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) =>
        n.Version >= 4 || lift.TargetOpset < 4 || n.Has(DefaultAxis) ? [n.Node]
        : [n.Node with { Attributes = [.. n.Node.Attributes, new NodeAttribute("axis", new AttributeValue.Int(DefaultAxis.Default))] }];

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        // Where nothing stands before the axis, as with one image, each input is one piece of the output and may be made in its place.
        bool inPlace = n.Input(0).ElementType != ElementType.String && n.OutputShape(0).Product(0, AxisFor(n)) == 1;
        var left = Parts(n).Where(part => !inPlace || !plan.PlaceInOutput(part.Input, part.Copy.ToStart * n.Input(0).ElementType.SizeInBytes()));
        return new CopyKernel(n.Input(0).ElementType, [.. left]).ToStep(n, plan);
    }

    public override void Gradient(GradientContext g)
    {
        int axis = AxisFor(g.N);
        long[] lengths = [.. Enumerable.Range(0, g.N.InputCount).Select(i => g.N.InputShape(i)[axis])];
        string[] parts = g.Nodes("Split", [g.Gradient, g.Integers(lengths)], lengths.Length, [new NodeAttribute("axis", new AttributeValue.Int(axis))]);
        for (int i = 0; i < parts.Length; i++)
            if (g.IsWanted(i)) g.Accumulate(i, parts[i]);
    }

    protected override PlainKernel Prepare(NodeContext n) => new CopyKernel(n.Input(0).ElementType, Parts(n));

    private static CopyPart[] Parts(NodeContext n)
    {
        int axis = AxisFor(n);
        long[] to = StridedCopy.DenseStrides(n.OutputShape(0).Dims);
        var parts = new CopyPart[n.InputCount];
        long at = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            var x = n.InputShape(i);
            parts[i] = new CopyPart(i, 0, new StridedCopy(x.Dims, StridedCopy.DenseStrides(x.Dims), to, toStart: at * to[axis]));
            at += x[axis];
        }
        return parts;
    }

    private static int AxisFor(NodeContext n)
    {
        int rank = n.Input(0).Rank;
        n.Require(rank > 0, "a scalar has no axis to put tensors together along");
        long axis = n.Version < 4 ? n.Get(DefaultAxis) : n.Get(AxisOf);
        return n.Axis(axis, rank);
    }

    private static Dim Length(NodeContext n, int axis)
    {
        long sum = 0;
        for (int i = 0; i < n.InputCount; i++)
        {
            var length = n.Input(i)[axis];
            if (!length.IsKnown) return n.InputCount == 1 ? length : Dim.Unknown;
            sum = checked(sum + length.Value);
        }
        return sum;
    }
}
