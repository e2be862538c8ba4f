using System.Numerics;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The gradient of a convolution's input: dX[n, c, i] = Σ over filters m and taps t with o · stride − pad + t · dilation = i of dY[n, m, o] · W[m, c, t].</summary>
/// <remarks>Inputs: dY [N, filters, spatial…] and W [filters, channels / group, kernel…]; output dX [N, channels, spatial…].</remarks>
internal sealed class ConvInputGradient : Operator
{
    /// <summary>The groups of the forward convolution.</summary>
    public static readonly IntAttribute Group = new("group", 1) { Least = 1 };

    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);

    public override OperatorSchema Schema { get; } = new("ConvInputGradient", [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("W", T)],
        Outputs = [new("dX", T)],
        Attributes = [WindowAttribute.Definition, Group],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType dy = n.Input(0), w = n.Input(1);
        var axes = WindowAttribute.Read(n);
        WindowAttribute.RequireSpatial(n, 0, axes.Select(a => a.Output));
        WindowAttribute.RequireSpatial(n, 1, axes.Select(a => a.Kernel));
        n.Require(w.Rank == dy.Rank && w[0].MayEqual(dy[1]), $"weights are {w}, expected as many filters as dY {dy} has channels");
        n.Require(!w[0].IsKnown || w[0].Value % n.Get(Group) == 0, $"attribute 'group' {n.Get(Group)} does not divide the {w[0]} filters");
        Dim channels = w[1].IsKnown ? checked(w[1].Value * n.Get(Group)) : Dim.Unknown;
        return [dy with { Dims = [dy[0], channels, .. axes.Select(a => (Dim)a.Input)] }];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        var g = Geometry(n);
        if (n.Input(0).ElementType != ElementType.Float32 || !F32ConvolutionInputGradient.Suits(g)) return Plain(n).ToStep(n, plan);
        var gradient = F32ConvolutionInputGradient.Create(g, VectorWidths.Best);
        plan.ReserveScratch(crew => gradient.ScratchBytes(crew));
        return new GradientStep(gradient, plan.Input(0), plan.Input(1), plan.Output(0));
    }

    public override NodeCost Cost(NodeContext n) =>
        new(n.Input(0).IsStatic && n.Input(1).IsStatic ? checked(n.InputShape(0).ElementCount * n.InputShape(1).Product(1, n.Input(1).Rank)) : null);

    private static ConvolutionGeometry Geometry(NodeContext n)
    {
        Shape dy = n.InputShape(0), dx = n.OutputShape(0);
        return new ConvolutionGeometry(checked((int)dy[0]), checked((int)dx[1]), checked((int)dy[1]), checked((int)n.Get(Group)), WindowAttribute.Read(n));
    }

    private static PlainKernel Plain(NodeContext n) => n.Input(0).ElementType == ElementType.Float64 ? new Kernel<double>(Geometry(n)) : new Kernel<float>(Geometry(n));

    private sealed unsafe class Kernel<TElement>(ConvolutionGeometry geometry) : PlainKernel where TElement : unmanaged, INumberBase<TElement>
    {
        public override long ScratchBytes(int crew) => ReferenceConvolutionGradients.ScratchBytes(geometry);

        public override void Run(in PlainRun run) => ReferenceConvolutionGradients.Input(geometry, run.Input<TElement>(0), run.Input<TElement>(1), run.Output<TElement>(0), run.Scratch);
    }

    private sealed unsafe class GradientStep(F32ConvolutionInputGradient gradient, Slot dy, Slot w, Slot dx) : Step
    {
        public override void Run(in StepRun run) => gradient.Run(run.Pointer<float>(dy), run.Pointer<float>(w), run.Pointer<float>(dx), run.Scratch, run.Crew);
    }
}
