using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The tensor repeated along every axis as often as <c>repeats</c> says.</summary>
/// <remarks>Source: ONNX Tile-6, -13. Tile-1, which repeats along one axis given as a tensor of the data's type, is refused.</remarks>
internal sealed class Tile : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);

    public override OperatorSchema Schema { get; } = new("Tile", since: [6, 13])
    {
        Inputs = [new("input", T), new("repeats", new("T1", [ElementType.Int64])) { DecidesShape = true }],
        Outputs = [new("output", T)],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        n.Require(n.Input(1).Rank == 1 && n.Input(1)[0].MayEqual(x.Rank), $"repeats is {n.Input(1)}, expected one number for each of {x.Rank} axes");
        var repeats = n.Elements(1) ?? new Dim[x.Rank];
        var dims = new Dim[x.Rank];
        for (int i = 0; i < dims.Length; i++)
        {
            n.Require(!repeats[i].IsKnown || repeats[i].Value >= 0, $"axis {i} is to be repeated {repeats[i]} times");
            dims[i] = repeats[i] is { IsKnown: true, Value: 1 } ? x[i] : new DimProduct([x[i], repeats[i]]).ToDim();
        }
        return [x with { Dims = dims.ToValueList() }];
    }

    // Each axis as two, its repetitions and its own elements; the gradient is summed over the first.
    public override void Gradient(GradientContext g)
    {
        Shape x = g.N.InputShape(0), y = g.N.OutputShape(0);
        if (x.Rank == 0 || x.ElementCount == 0) return;
        long[] pairs = [.. Enumerable.Range(0, x.Rank).SelectMany(i => new long[] { y[i] / x[i], x[i] })], first = [.. Enumerable.Range(0, x.Rank).Select(i => 2L * i)];
        g.Accumulate(0, g.Node("ReduceSum", [g.Reshaped(g.Gradient, new Shape(pairs)), g.Integers(first)], [new NodeAttribute("keepdims", new AttributeValue.Int(0))]));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        var y = n.OutputShape(0);
        long[] xStrides = StridedCopy.DenseStrides(x.Dims), yStrides = StridedCopy.DenseStrides(y.Dims);
        var lengths = new List<long>();
        var from = new List<long>();
        var to = new List<long>();
        // Each axis becomes two: its repetitions, which stay where they are in the source, and its own elements.
        for (int i = 0; i < x.Rank; i++)
        {
            lengths.AddRange([x[i] == 0 ? 0 : y[i] / x[i], x[i]]);
            from.AddRange([0, xStrides[i]]);
            to.AddRange([x[i] * yStrides[i], yStrides[i]]);
        }
        return new CopyKernel(n.Input(0).ElementType, new CopyPart(0, 0, new StridedCopy([.. lengths], [.. from], [.. to])));
    }
}
