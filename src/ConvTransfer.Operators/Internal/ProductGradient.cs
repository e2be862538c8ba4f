using System.Numerics;
using ConvTransfer.Engine.Reduction;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The gradient of ReduceProd: dX = dY · the product of the other elements, right beside zeros too.</summary>
/// <remarks>Inputs: dY, of length 1 along the reduced axes, and X; output dX.</remarks>
internal sealed class ProductGradient : PlainOperator
{
    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);
    private static readonly IntsAttribute AxesOf = new("axes") { Least = 0 };

    public override OperatorSchema Schema { get; } = new("ProductGradient", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("X", T)],
        Outputs = [new("dX", T)],
        Attributes = [AxesOf],
    };

    /// <summary>Emits one node.</summary>
    /// <param name="g">The context.</param>
    /// <param name="dy">The gradient of the product, with length 1 where it is reduced.</param>
    /// <param name="x">The elements.</param>
    /// <param name="reduced">For each axis whether it is reduced.</param>
    public static string Emit(GradientContext g, string dy, string x, bool[] reduced) =>
        g.InternalNode("ProductGradient", [dy, x], new NodeAttribute(AxesOf.Name, new AttributeValue.Ints(Enumerable.Range(0, reduced.Length).Where(a => reduced[a]).Select(a => (long)a).ToValueList())));

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType dy = n.Input(0), x = n.Input(1);
        var reduced = Reduced(n);
        n.Require(dy.Rank == x.Rank && Enumerable.Range(0, x.Rank).All(a => dy[a].MayEqual(reduced[a] ? 1 : x[a])), $"dY is {dy}, expected the lengths of X {x}, 1 along the reduced axes");
        return [x];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var geometry = new ReductionGeometry(n.InputShape(1).Dims, Reduced(n));
        return n.Input(0).ElementType == ElementType.Float64 ? new Kernel<double>(new(geometry)) : new Kernel<float>(new(geometry));
    }

    private static bool[] Reduced(NodeContext n)
    {
        bool[] reduced = new bool[n.Input(1).Rank];
        foreach (long axis in n.Get(AxesOf) ?? []) reduced[n.Axis(axis, reduced.Length)] = true;
        return reduced;
    }

    private sealed unsafe class Kernel<TElement>(ProductBackward<TElement> work) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => work.Run(run.Input<TElement>(0), run.Input<TElement>(1), run.Output<TElement>(0), run.Crew);
    }
}
