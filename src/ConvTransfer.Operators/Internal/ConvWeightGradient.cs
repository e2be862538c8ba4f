using System.Numerics;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The gradient of a convolution's weights: dW[m, c, t] = Σ over images n and outputs o of dY[n, m, o] · X[n, c, o · stride − pad + t · dilation].</summary>
/// <remarks>Inputs: X [N, channels, spatial…] and dY [N, filters, spatial…]; output dW [filters, channels / group, kernel…].</remarks>
internal sealed class ConvWeightGradient : Operator
{
    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);

    public override OperatorSchema Schema { get; } = new("ConvWeightGradient", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("X", T), new("dY", T)],
        Outputs = [new("dW", T)],
        Attributes = [WindowAttribute.Definition, ConvInputGradient.Group],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType x = n.Input(0), dy = n.Input(1);
        long group = n.Get(ConvInputGradient.Group);
        var axes = WindowAttribute.Read(n);
        WindowAttribute.RequireSpatial(n, 0, axes.Select(a => a.Input));
        WindowAttribute.RequireSpatial(n, 1, axes.Select(a => a.Output));
        n.Require(dy.Rank == x.Rank && dy[0].MayEqual(x[0]), $"dY is {dy}, expected as many images as X {x}");
        n.Require((!x[1].IsKnown || x[1].Value % group == 0) && (!dy[1].IsKnown || dy[1].Value % group == 0), $"attribute 'group' {group} does not divide the channels {x[1]} and the filters {dy[1]}");
        Dim channels = x[1].IsKnown ? x[1].Value / group : Dim.Unknown;
        return [x with { Dims = [dy[1], channels, .. axes.Select(a => (Dim)a.Kernel)] }];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (n.Input(0).ElementType != ElementType.Float32) return Plain(n).ToStep(n, plan);
        var gradient = F32ConvolutionWeightGradient.Create(Geometry(n), VectorWidths.Best);
        plan.ReserveScratch(gradient.ScratchBytes);
        return new GradientStep(gradient, plan.Input(0), plan.Input(1), plan.Output(0));
    }

    public override NodeCost Cost(NodeContext n) =>
        new(n.Input(1).IsStatic && n.Output(0).IsStatic ? checked(n.InputShape(1).ElementCount * n.OutputShape(0).Product(1, n.Output(0).Rank)) : null);

    private static ConvolutionGeometry Geometry(NodeContext n)
    {
        Shape x = n.InputShape(0), dy = n.InputShape(1);
        return new ConvolutionGeometry(checked((int)x[0]), checked((int)x[1]), checked((int)dy[1]), checked((int)n.Get(ConvInputGradient.Group)), WindowAttribute.Read(n));
    }

    private static PlainKernel Plain(NodeContext n) => n.Input(0).ElementType == ElementType.Float64 ? new Kernel<double>(Geometry(n)) : new Kernel<float>(Geometry(n));

    private sealed unsafe class Kernel<TElement>(ConvolutionGeometry geometry) : PlainKernel where TElement : unmanaged, INumberBase<TElement>
    {
        public override long ScratchBytes(int crew) => ReferenceConvolutionGradients.ScratchBytes(geometry);

        public override void Run(in PlainRun run) => ReferenceConvolutionGradients.Weights(geometry, run.Input<TElement>(0), run.Input<TElement>(1), run.Output<TElement>(0), run.Scratch);
    }

    private sealed unsafe class GradientStep(F32ConvolutionWeightGradient gradient, Slot x, Slot dy, Slot dw) : Step
    {
        public override void Run(in StepRun run) => gradient.Run(run.Pointer<float>(x), run.Pointer<float>(dy), run.Pointer<float>(dw), run.Scratch, run.Crew);
    }
}
