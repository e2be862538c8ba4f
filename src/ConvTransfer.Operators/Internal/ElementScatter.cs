using System.Numerics;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The adjoint of GatherElements: dX is 0, then dX[i0, …, indices[i], …] += dY[i] for every element i of the indices, in order.</summary>
/// <remarks>Inputs: dY and indices of one shape; output dX of attribute shape.</remarks>
internal sealed class ElementScatter : PlainOperator
{
    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);
    private static readonly IntAttribute AxisOf = new("axis") { Required = true };
    private static readonly IntsAttribute ShapeOf = new("shape") { Required = true, Least = 0 };

    public override OperatorSchema Schema { get; } = new("ElementScatter", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("indices", new("Tind", TypeVariable.Indices))],
        Outputs = [new("dX", T)],
        Attributes = [AxisOf, ShapeOf],
    };

    /// <summary>Emits one node.</summary>
    public static string Emit(GradientContext g, string dy, string indices, int axis, Shape shape) =>
        g.InternalNode("ElementScatter", [dy, indices], new(AxisOf.Name, new AttributeValue.Int(axis)), new(ShapeOf.Name, new AttributeValue.Ints([.. shape.Dims])));

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType dy = n.Input(0), indices = n.Input(1);
        long[] shape = n.Get(ShapeOf)!;
        int axis = n.Axis(n.Get(AxisOf), shape.Length);
        n.Require(dy.Rank == indices.Rank && Enumerable.Range(0, dy.Rank).All(a => dy[a].MayEqual(indices[a])), $"dY is {dy}, the indices are {indices}, expected one shape");
        n.Require(dy.Rank == shape.Length && Enumerable.Range(0, dy.Rank).All(a => a == axis || !dy[a].IsKnown || dy[a].Value <= shape[a]), $"dY is {dy}, expected no longer axes than attribute 'shape' [{string.Join(", ", shape)}] beside axis {axis}");
        return [dy with { Dims = shape.Select(d => (Dim)d).ToValueList() }];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var shape = n.OutputShape(0);
        int axis = n.Axis(n.Get(AxisOf), shape.Rank);
        var elements = new IndexedElements(shape, n.InputShape(1), axis, n.Input(1).ElementType == ElementType.Int64, new(n.Node.DisplayName, n.Label, axis, shape[axis]));
        return n.Input(0).ElementType == ElementType.Float64 ? new Kernel<double>(elements, shape.ElementCount) : new Kernel<float>(elements, shape.ElementCount);
    }

    private sealed unsafe class Kernel<TElement>(IndexedElements elements, long count) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run)
        {
            TElement* dy = run.Input<TElement>(0), dx = run.Output<TElement>(0);
            byte* indices = run.Input<byte>(1);
            for (long i = 0; i < count; i++) dx[i] = TElement.Zero;
            Span<long> counter = elements.Rank > IndexedElements.MostOnStack ? new long[elements.Rank] : stackalloc long[elements.Rank];
            long start = 0;
            for (long i = 0; i < elements.Count; i++) dx[elements.Next(indices, i, counter, ref start)] += dy[i];
        }
    }
}
