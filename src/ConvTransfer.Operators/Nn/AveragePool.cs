using System.Numerics;
using ConvTransfer.Engine.Pooling;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>The mean of each window.</summary>
/// <remarks>
/// Source: ONNX AveragePool-1, -7 (count_include_pad), -10 (ceil_mode), -11, -19 (dilations), -22. With count_include_pad the divisor counts the elements of the window
/// that lie in the input or its padding: what ceil_mode lets stick out beyond the padding does not count. Windows that would start behind the input are left out, as for MaxPool.
/// </remarks>
internal sealed class AveragePool : Pool
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly IntAttribute CountIncludePad = new("count_include_pad") { Since = 7 };
    private static readonly IntsAttribute AverageDilations = SlidingWindow.Dilations with { Since = 19 };

    public override OperatorSchema Schema { get; } = new("AveragePool", since: [1, 7, 10, 11, 19, 22])
    {
        Inputs = [new("X", T)],
        Outputs = [new("Y", T)],
        Attributes = [SlidingWindow.AutoPad, SlidingWindow.RequiredKernelShape, SlidingWindow.Strides, SlidingWindow.Pads, CountIncludePad, CeilMode, AverageDilations],
    };

    protected override IntsAttribute Dilations => AverageDilations;

    public override OperatorRole Role => OperatorRole.Pooling;

    public override TensorType[] InferTypes(NodeContext n) => [Pooled(n)];

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override Step Lower(NodeContext n, LoweringContext plan) => n.Input(0).ElementType == ElementType.Float32
        ? LowerF32(F32Pooling.Create(Geometry(n), average: true, n.Get(CountIncludePad) != 0, VectorWidths.Best), plan)
        : Plain(n).ToStep(n, plan);

    public override void Gradient(GradientContext g) => g.Accumulate(0, g.InternalNode("AveragePoolGradient", [g.Gradient],
        WindowAttribute.Of(Window(g.N).Axes()), new NodeAttribute(AveragePoolGradient.CountIncludePad.Name, new AttributeValue.Int(g.N.Get(CountIncludePad)))));

    private PlainKernel Plain(NodeContext n)
    {
        bool includePad = n.Get(CountIncludePad) != 0;
        return n.Input(0).ElementType switch
        {
            ElementType.Float64 => new Kernel<double>(Geometry(n), includePad),
            ElementType.Float16 => new Kernel<Half>(Geometry(n), includePad),
            _ => new Kernel<float>(Geometry(n), includePad),
        };
    }

    private sealed unsafe class Kernel<TElement>(PoolGeometry geometry, bool includePad) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => ReferencePooling.Average(geometry, run.Input<TElement>(0), run.Output<TElement>(0), includePad);
    }
}
