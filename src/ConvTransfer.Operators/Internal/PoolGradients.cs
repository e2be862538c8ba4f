using System.Numerics;
using ConvTransfer.Engine.Pooling;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The gradient of a max pool: each output's gradient goes to the element that won its window, of equal ones to the first.</summary>
/// <remarks>Inputs: dY [N, C, spatial…] and X [N, C, spatial…], from which the winners are found again: no index that a run stored is trusted. Output dX, shaped as X.</remarks>
internal sealed class MaxPoolGradient : PlainOperator
{
    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);

    public override OperatorSchema Schema { get; } = new("MaxPoolGradient", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("X", T)],
        Outputs = [new("dX", T)],
        Attributes = [WindowAttribute.Definition],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var axes = WindowAttribute.Read(n);
        WindowAttribute.RequireSpatial(n, 0, axes.Select(a => a.Output));
        WindowAttribute.RequireSpatial(n, 1, axes.Select(a => a.Input));
        TensorType dy = n.Input(0), x = n.Input(1);
        n.Require(x.Rank == dy.Rank && x[0].MayEqual(dy[0]) && x[1].MayEqual(dy[1]), $"X is {x}, expected the images and channels of dY {dy}");
        return [x];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var geometry = new PoolGeometry(checked((int)n.InputShape(0).Product(0, 2)), WindowAttribute.Read(n));
        return n.Input(0).ElementType == ElementType.Float64 ? new Kernel<double>(new(geometry)) : new Kernel<float>(new(geometry));
    }

    private sealed unsafe class Kernel<TElement>(MaxPoolBackward<TElement> work) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => work.Run(run.Input<TElement>(0), run.Input<TElement>(1), run.Output<TElement>(0), run.Crew);
    }
}

/// <summary>The gradient of an average pool: each output's gradient in equal parts to the elements of its window.</summary>
/// <remarks>Input dY [N, C, spatial…], output dX [N, C, spatial…].</remarks>
internal sealed class AveragePoolGradient : PlainOperator
{
    /// <summary>As the forward pool's attribute.</summary>
    public static readonly IntAttribute CountIncludePad = new("count_include_pad");

    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);

    public override OperatorSchema Schema { get; } = new("AveragePoolGradient", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T)],
        Outputs = [new("dX", T)],
        Attributes = [WindowAttribute.Definition, CountIncludePad],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var axes = WindowAttribute.Read(n);
        WindowAttribute.RequireSpatial(n, 0, axes.Select(a => a.Output));
        var dy = n.Input(0);
        return [dy with { Dims = [dy[0], dy[1], .. axes.Select(a => (Dim)a.Input)] }];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var geometry = new PoolGeometry(checked((int)n.InputShape(0).Product(0, 2)), WindowAttribute.Read(n));
        bool includePad = n.Get(CountIncludePad) != 0;
        return n.Input(0).ElementType == ElementType.Float64 ? new Kernel<double>(new(geometry, includePad)) : new Kernel<float>(new(geometry, includePad));
    }

    private sealed unsafe class Kernel<TElement>(AveragePoolBackward<TElement> work) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => work.Run(run.Input<TElement>(0), run.Output<TElement>(0), run.Crew);
    }
}
