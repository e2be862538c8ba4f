using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The gradient of Relu and Clip: dX = dY where the result Y lies strictly between the bounds, otherwise 0.</summary>
/// <remarks>Inputs: dY and Y of one shape. Y alone tells where the input lay between the bounds, so the forward step may keep the input to itself.</remarks>
internal sealed class ClipGradient : PlainOperator
{
    public static readonly FloatAttribute Min = new("min", float.NegativeInfinity);
    public static readonly FloatAttribute Max = new("max", float.PositiveInfinity);

    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);

    public override OperatorSchema Schema { get; } = new("ClipGradient", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("Y", T)],
        Outputs = [new("dX", T)],
        Attributes = [Min, Max],
    };

    /// <summary>The bounds as attributes.</summary>
    public static NodeAttribute[] Bounds(float min, float max) => [new(Min.Name, new AttributeValue.Float(min)), new(Max.Name, new AttributeValue.Float(max))];

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType dy = n.Input(0), y = n.Input(1);
        n.Require(dy.Rank == y.Rank && Enumerable.Range(0, y.Rank).All(a => y[a].MayEqual(dy[a])), $"Y is {y}, dY is {dy}, expected one shape");
        return [dy];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        long count = n.InputShape(0).ElementCount;
        float min = n.Get(Min), max = n.Get(Max);
        return n.Input(0).ElementType == ElementType.Float64
            ? new Kernel<double>(new PlainClipBackward<double>(count, min, max))
            : new Kernel<float>(ClipBackward.Create(count, min, max, VectorWidths.Best));
    }

    private sealed unsafe class Kernel<TElement>(ElementLoop loop) : PlainKernel where TElement : unmanaged
    {
        public override void Run(in PlainRun run) => loop.Run(run.Input<TElement>(0), run.Input<TElement>(1), run.Output<TElement>(0), run.Crew);
    }
}
