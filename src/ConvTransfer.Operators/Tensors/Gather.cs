using System.Numerics;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Slices of the data along one axis, in the order of the indices; the axis is replaced by the axes of the indices.</summary>
/// <remarks>Source: ONNX Gather-1, -11 (negative indices count from the back), -13. An index out of range is refused: while planning where it is constant, else when it is met.</remarks>
internal sealed class Gather : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute AxisOf = new("axis");

    public override OperatorSchema Schema { get; } = new("Gather", since: [1, 11, 13])
    {
        Inputs = [new("data", T), new("indices", new("Tind", TypeVariable.Indices))],
        Outputs = [new("output", T)],
        Attributes = [AxisOf],
    };

    public override bool ChecksElements => true;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        n.Require(x.Rank > 0, "the data is a scalar and has no axis to gather along");
        int axis = n.Axis(n.Get(AxisOf), x.Rank);
        if (x[axis].IsKnown && n.ConstantIntegers(1) is { } indices)
            foreach (long index in indices)
                if (index < -x[axis].Value || index >= x[axis].Value) throw n.Invalid(IndexCheck.Message(index, axis, x[axis].Value));
        var dims = x.Dims!.Value;
        return [x with { Dims = dims.Take(axis).Concat(n.Input(1).Dims!.Value).Concat(dims.Skip(axis + 1)).ToValueList() }];
    }

    public override Dim[]? InferElements(NodeContext n)
    {
        if (n.Elements(0) is not { } data || n.Input(0).Rank != 1 || n.Input(1).Rank > 1 || n.ConstantIntegers(1) is not { } indices) return null;
        return Array.ConvertAll(indices, i => data[i < 0 ? i + data.Length : i]);
    }

    public override void Gradient(GradientContext g)
    {
        var x = g.N.InputShape(0);
        int axis = g.N.Axis(g.N.Get(AxisOf), x.Rank);
        long count = g.N.InputShape(1).ElementCount;
        if (count == 0 || x.ElementCount == 0) return;
        string to = g.Node("Cast", [g.Reshaped(g.Input(1), new Shape([count]))], [new NodeAttribute("to", new AttributeValue.Int((long)ElementType.Int64))]);
        string dy = g.Reshaped(g.Gradient, new Shape([x.Product(0, axis), count, x.Product(axis + 1, x.Rank)]));
        g.Accumulate(0, g.Reshaped(AxisScatter.Emit(g, dy, 1, x[axis], to), x));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        int axis = n.Axis(n.Get(AxisOf), x.Rank);
        var check = new IndexCheck(n.Node.DisplayName, n.Label, axis, x[axis]);
        var geometry = new GatherGeometry(x.Product(0, axis), x[axis], x.Product(axis + 1, x.Rank), n.InputShape(1).ElementCount);
        return n.Input(1).ElementType == ElementType.Int64 ? new GatherKernel<long>(n.Input(0).ElementType, geometry, check) : new GatherKernel<int>(n.Input(0).ElementType, geometry, check);
    }
}

/// <summary>The data as [outer, length, block] elements, and the number of indices.</summary>
internal readonly record struct GatherGeometry(long Outer, long Length, long Block, long Indices);

internal sealed unsafe class GatherKernel<TIndex>(ElementType type, GatherGeometry g, IndexCheck check) : PlainKernel where TIndex : unmanaged, IBinaryInteger<TIndex>
{
    public override void Run(in PlainRun run)
    {
        TIndex* indices = run.Input<TIndex>(1);
        // Where nothing is copied, a wrong index is wrong all the same; how often nothing is copied does not matter.
        if (g.Outer == 0 || g.Block == 0 || g.Indices == 0)
        {
            for (long i = 0; i < g.Indices; i++) check.FromFront(long.CreateTruncating(indices[i]));
            return;
        }
        if (type == ElementType.String) Strings(run.InputStrings(0), run.OutputStrings(0), indices);
        else Numbers(run.Input<byte>(0), run.Output<byte>(0), indices);
    }

    private void Numbers(byte* from, byte* to, TIndex* indices)
    {
        long block = g.Block * type.SizeInBytes();
        for (long outer = 0; outer < g.Outer; outer++, from += g.Length * block)
            for (long i = 0; i < g.Indices; i++, to += block)
                Buffer.MemoryCopy(from + (check.FromFront(long.CreateTruncating(indices[i])) * block), to, block, block);
    }

    private void Strings(string[] from, string[] to, TIndex* indices)
    {
        long at = 0;
        for (long outer = 0; outer < g.Outer; outer++)
            for (long i = 0; i < g.Indices; i++, at += g.Block)
                Array.Copy(from, ((outer * g.Length) + check.FromFront(long.CreateTruncating(indices[i]))) * g.Block, to, at, g.Block);
    }
}
