using System.Numerics;
using ConvTransfer.Engine.Pooling;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>The greatest element of each window, and, if asked for, where it lies. A NaN in a window is its result.</summary>
/// <remarks>
/// Source: ONNX MaxPool-1, -8 (indices, storage_order), -10 (ceil_mode, dilations), -11, -12 (8-bit integers), -22. With ceil_mode a window that would start in the padding
/// behind the input is left out, as version 22 says; the older texts are silent, and ONNX Runtime does it for all.
/// </remarks>
internal sealed class MaxPool : Pool
{
    private static readonly TypeVariable T = new("T", [.. TypeVariable.Floats, ElementType.Int8, ElementType.UInt8]);
    private static readonly TypeVariable I = new("I", [ElementType.Int64]);
    private static readonly IntAttribute StorageOrder = new("storage_order") { Since = 8 };
    private static readonly IntsAttribute MaxDilations = SlidingWindow.Dilations with { Since = 10 };

    public override OperatorSchema Schema { get; } = new("MaxPool", since: [1, 8, 10, 11, 12, 22])
    {
        Inputs = [new("X", T)],
        Outputs = [new("Y", T), new("Indices", I, Presence.Optional) { Since = 8 }],
        Attributes = [SlidingWindow.AutoPad, SlidingWindow.RequiredKernelShape, SlidingWindow.Strides, SlidingWindow.Pads, StorageOrder, CeilMode, MaxDilations],
    };

    protected override IntsAttribute Dilations => MaxDilations;

    public override OperatorRole Role => OperatorRole.Pooling;

    public override TensorType[] InferTypes(NodeContext n)
    {
        n.Require(n.Version >= 12 || n.Input(0).ElementType.IsFloat(), $"input X is of type {n.Input(0).ElementType.OnnxName()}, which opset {n.Opset} does not allow; 12 does");
        long order = n.Get(StorageOrder);
        n.Require(order is 0 or 1, $"attribute 'storage_order' is {order}, expected 0 or 1");
        var y = Pooled(n);
        return n.OutputCount > 1 ? [y, y with { ElementType = ElementType.Int64 }] : [y];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (n.Input(0).ElementType != ElementType.Float32 || plan.IsWanted(1)) return Plain(n).ToStep(n, plan);
        return LowerF32(F32Pooling.Create(Geometry(n), average: false, includePad: false, VectorWidths.Best), plan);
    }

    public override void Gradient(GradientContext g)
    {
        if (g.OutputGradient(0) is { } dy) g.Accumulate(0, g.InternalNode("MaxPoolGradient", [dy, g.Input(0)], WindowAttribute.Of(Window(g.N).Axes())));
    }

    private PlainKernel Plain(NodeContext n)
    {
        bool columnMajor = n.Get(StorageOrder) == 1;
        return n.Input(0).ElementType switch
        {
            ElementType.Float64 => new Kernel<double>(Geometry(n), columnMajor),
            ElementType.Float16 => new Kernel<Half>(Geometry(n), columnMajor),
            ElementType.Int8 => new Kernel<sbyte>(Geometry(n), columnMajor),
            ElementType.UInt8 => new Kernel<byte>(Geometry(n), columnMajor),
            _ => new Kernel<float>(Geometry(n), columnMajor),
        };
    }

    private sealed unsafe class Kernel<TElement>(PoolGeometry geometry, bool columnMajor) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => ReferencePooling.Max(geometry, run.Input<TElement>(0), run.Output<TElement>(0), run.Output<long>(1), columnMajor);
    }
}
