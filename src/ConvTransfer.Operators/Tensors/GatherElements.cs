using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>For every element of the indices the element of the data that stands at the same place on all axes but one, and on that axis at the index.</summary>
/// <remarks>Source: ONNX GatherElements-11, -13 (types). Negative indices count from the back. An index out of range is refused: while planning where it is constant, else when it is met.</remarks>
internal sealed class GatherElements : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute AxisOf = new("axis");

    public override OperatorSchema Schema { get; } = new("GatherElements", since: [11, 13])
    {
        Inputs = [new("data", T), new("indices", new("Tind", TypeVariable.Indices))],
        Outputs = [new("output", T)],
        Attributes = [AxisOf],
    };

    public override bool ChecksElements => true;

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType x = n.Input(0), indices = n.Input(1);
        n.Require(x.Rank > 0, "the data is a scalar and has no axis to gather along");
        n.Require(indices.Rank == x.Rank, $"the indices are {indices}, expected the rank of the data {x}");
        int axis = n.Axis(n.Get(AxisOf), x.Rank);
        for (int a = 0; a < x.Rank; a++)
            n.Require(a == axis || !indices[a].IsKnown || !x[a].IsKnown || indices[a].Value <= x[a].Value, $"the indices are {indices}, longer on axis {a} than the data {x}");
        if (x[axis].IsKnown && n.ConstantIntegers(1) is { } known)
            foreach (long index in known)
                if (index < -x[axis].Value || index >= x[axis].Value) throw n.Invalid(IndexCheck.Message(index, axis, x[axis].Value));
        return [x with { Dims = indices.Dims }];
    }

    public override void Gradient(GradientContext g)
    {
        var x = g.N.InputShape(0);
        g.Accumulate(0, ElementScatter.Emit(g, g.Gradient, g.Input(1), g.N.Axis(g.N.Get(AxisOf), x.Rank), x));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        int axis = n.Axis(n.Get(AxisOf), x.Rank);
        var elements = new IndexedElements(x, n.InputShape(1), axis, n.Input(1).ElementType == ElementType.Int64, new(n.Node.DisplayName, n.Label, axis, x[axis]));
        if (n.Input(0).ElementType == ElementType.String) return new StringKernel(elements);
        return n.Input(0).ElementType.SizeInBytes() switch
        {
            1 => new Kernel<byte>(elements),
            2 => new Kernel<ushort>(elements),
            4 => new Kernel<uint>(elements),
            _ => new Kernel<ulong>(elements),
        };
    }

    // Elements are moved as words of their size.
    private sealed unsafe class Kernel<TWord>(IndexedElements elements) : PlainKernel where TWord : unmanaged
    {
        public override void Run(in PlainRun run)
        {
            TWord* from = run.Input<TWord>(0), to = run.Output<TWord>(0);
            byte* indices = run.Input<byte>(1);
            Span<long> counter = elements.Rank > IndexedElements.MostOnStack ? new long[elements.Rank] : stackalloc long[elements.Rank];
            long start = 0;
            for (long i = 0; i < elements.Count; i++) to[i] = from[elements.Next(indices, i, counter, ref start)];
        }
    }

    private sealed unsafe class StringKernel(IndexedElements elements) : PlainKernel
    {
        public override void Run(in PlainRun run)
        {
            string[] from = run.InputStrings(0), to = run.OutputStrings(0);
            byte* indices = run.Input<byte>(1);
            Span<long> counter = elements.Rank > IndexedElements.MostOnStack ? new long[elements.Rank] : stackalloc long[elements.Rank];
            long start = 0;
            for (long i = 0; i < elements.Count; i++) to[i] = from[elements.Next(indices, i, counter, ref start)];
        }
    }
}
