using ConvTransfer.Engine.Gemm;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>The matrix product as numpy.matmul has it: over the last two axes, the axes before them broadcast; a vector on the left is a row, on the right a column, and its axis is left out of the result.</summary>
/// <remarks>Source: ONNX MatMul-1, -9 (integers), -13; no version breaks nodes of an older one. Integers wrap.</remarks>
internal sealed class MatMul : Operator
{
    private static readonly TypeVariable T = new("T", [.. TypeVariable.Floats, ElementType.Int32, ElementType.Int64, ElementType.UInt32, ElementType.UInt64]);

    public override OperatorSchema Schema { get; } = new("MatMul", since: [1, 9, 13])
    {
        Inputs = [new("A", T), new("B", T)],
        Outputs = [new("Y", T)],
    };

    public override OperatorRole Role => OperatorRole.WeightedLayer;

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType a = n.Input(0), b = n.Input(1);
        n.Require(n.Version >= 9 || a.ElementType.IsFloat(), $"the inputs are of type {a.ElementType.OnnxName()}, which opset {n.Opset} does not allow; 9 does");
        for (int i = 0; i < 2; i++) n.Require(n.Input(i).Rank >= 1, $"input {"AB"[i]} is a scalar, expected at least rank 1");
        Dim innerA = a[a.Rank - 1], innerB = b[System.Math.Max(0, b.Rank - 2)];
        n.Require(innerA.MayEqual(innerB), $"the inner lengths differ: A ('{Core.DisplayText.Escape(n.Node.Inputs[0])}') is {a}, B ('{Core.DisplayText.Escape(n.Node.Inputs[1])}') is {b}");
        var dims = new List<Dim>();
        int batchA = System.Math.Max(0, a.Rank - 2), batchB = System.Math.Max(0, b.Rank - 2), batch = System.Math.Max(batchA, batchB);
        for (int i = 0; i < batch; i++)
        {
            Dim left = i < batch - batchA ? 1 : a[i - batch + batchA], right = i < batch - batchB ? 1 : b[i - batch + batchB];
            dims.Add(Broadcasting.Spread(left, right) ?? throw n.Invalid($"the axes before the matrices do not broadcast: A is {a}, B is {b}"));
        }
        if (a.Rank >= 2) dims.Add(a[a.Rank - 2]);
        if (b.Rank >= 2) dims.Add(b[b.Rank - 1]);
        return [new TensorType(a.ElementType, [.. dims])];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => MatrixSteps.Plain(n.Input(0).ElementType, Geometry(n), Affine.None).Evaluate(n, x);

    public override Step Lower(NodeContext n, LoweringContext plan) => n.Input(0).ElementType == ElementType.Float32
        ? MatrixSteps.Lower(n, plan, Geometry(n), Affine.None, Slot.None)
        : MatrixSteps.Plain(n.Input(0).ElementType, Geometry(n), Affine.None).ToStep(n, plan);

    public override NodeCost Cost(NodeContext n)
    {
        var inner = n.Input(0)[n.Input(0).Rank - 1];
        return new NodeCost(n.Output(0).IsStatic && inner.IsKnown ? checked(n.OutputShape(0).ElementCount * inner.Value) : null);
    }

    public override void Gradient(GradientContext g)
    {
        Shape a = g.N.InputShape(0), b = g.N.InputShape(1);
        // A vector is a matrix of one row or column here.
        long[] left = a.Rank == 1 ? [1, a[0]] : [.. a.Dims], right = b.Rank == 1 ? [b[0], 1] : [.. b.Dims];
        int batch = System.Math.Max(left.Length, right.Length) - 2;
        long[] axes = [.. Enumerable.Range(0, batch).Select(i => At(left, i, batch) == 1 ? At(right, i, batch) : At(left, i, batch))];
        string dy = a.Rank > 1 && b.Rank > 1 ? g.Gradient : g.Reshaped(g.Gradient, new Shape([.. axes, left[^2], right[^1]]));
        string x = a.Rank == 1 ? g.Reshaped(g.Input(0), new Shape(left)) : g.Input(0), w = b.Rank == 1 ? g.Reshaped(g.Input(1), new Shape(right)) : g.Input(1);
        if (g.IsWanted(0)) Sum(0, g.Node("MatMul", [dy, Turned(g, w, right.Length)]), [.. axes, left[^2], left[^1]], left, a);
        if (!g.IsWanted(1)) return;
        // One B for many matrices: its gradient is one product over the rows of all, not a product for each to be summed.
        if (batch > 0 && right[..^2].All(d => d == 1))
        {
            long rows = axes.Aggregate(left[^2], (p, d) => checked(p * d));
            string product = g.Node("Gemm", [g.Reshaped(x, new Shape(rows, left[^1])), g.Reshaped(dy, new Shape(rows, right[^1]))], [new NodeAttribute("transA", new AttributeValue.Int(1))]);
            g.Accumulate(1, g.Reshaped(product, b));
            return;
        }
        Sum(1, g.Node("MatMul", [Turned(g, x, left.Length), dy]), [.. axes, right[^2], right[^1]], right, b);

        void Sum(int input, string gradient, long[] from, long[] to, Shape own)
        {
            string sum = g.SummedTo(gradient, new Shape(from), new Shape(to));
            g.Accumulate(input, own.Rank == 1 ? g.Reshaped(sum, own) : sum);
        }
    }

    // A value with its last two axes exchanged.
    private static string Turned(GradientContext g, string value, int rank) =>
        g.Node("Transpose", [value], [new NodeAttribute("perm", new AttributeValue.Ints([.. Enumerable.Range(0, rank - 2).Select(i => (long)i), rank - 1, rank - 2]))]);

    private static MatrixGeometry Geometry(NodeContext n)
    {
        Shape a = n.InputShape(0), b = n.InputShape(1);
        long[] left = a.Rank == 1 ? [1, a[0]] : [.. a.Dims], right = b.Rank == 1 ? [b[0], 1] : [.. b.Dims];
        int m = checked((int)left[^2]), k = checked((int)left[^1]), columns = checked((int)right[^1]);
        int batch = System.Math.Max(left.Length, right.Length) - 2;
        long[] dims = new long[batch];
        for (int i = 0; i < batch; i++)
        {
            long x = At(left, i, batch), y = At(right, i, batch);
            dims[i] = x == 1 ? y : x;
        }
        // One B for many matrices that lie one after the other is one larger product.
        bool oneB = right[..^2].All(d => d == 1);
        if (oneB && dims.Length > 0)
        {
            m = checked((int)(dims.Aggregate(1L, (p, d) => checked(p * d)) * m));
            dims = [];
        }
        return new MatrixGeometry
        {
            M = m, N = columns, K = k, ARow = k, AColumn = 1, BRow = columns, BColumn = 1,
            AStart = oneB ? [0] : Starts(left, dims), BStart = oneB ? [0] : Starts(right, dims),
        };
    }

    private static long At(long[] dims, int axis, int batch) => axis < batch - (dims.Length - 2) ? 1 : dims[axis - batch + dims.Length - 2];

    // The first element of each matrix, in the order of the result's.
    private static nint[] Starts(long[] operand, long[] batch)
    {
        long count = batch.Aggregate(1L, (p, d) => checked(p * d));
        nint[] starts = new nint[count];
        for (long i = 0; i < count; i++)
        {
            long rest = i, scale = checked(operand[^2] * operand[^1]), start = 0;
            for (int axis = batch.Length - 1; axis >= 0; axis--)
            {
                long length = At(operand, axis, batch.Length);
                if (length != 1) start += rest % batch[axis] * scale;
                rest /= batch[axis];
                scale = checked(scale * length);
            }
            starts[i] = (nint)start;
        }
        return starts;
    }
}
