using System.Numerics;
using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Pooling;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>GlobalAveragePool and GlobalMaxPool: one number for each channel of each image, the mean or the greatest of its plane.</summary>
/// <remarks>Source: ONNX GlobalAveragePool-1, -22 and GlobalMaxPool-1, -22; 22 adds types only.</remarks>
internal sealed class GlobalPool(bool average) : Operator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);

    public override OperatorSchema Schema { get; } = new(average ? "GlobalAveragePool" : "GlobalMaxPool", since: [1, 22])
    {
        Inputs = [new("X", T)],
        Outputs = [new("Y", T)],
    };

    public override OperatorRole Role => OperatorRole.Pooling;

    public override TensorType[] InferTypes(NodeContext n)
    {
        int rank = SlidingWindow.SpatialRank(n);
        var x = n.Input(0);
        for (int a = 0; a < rank; a++) n.Require(!x[a + 2].IsKnown || x[a + 2].Value >= 1, $"spatial axis {a} of input X has length 0: there is nothing to pool");
        return [x with { Dims = [x[0], x[1], .. Enumerable.Repeat((Dim)1, rank)] }];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (n.Input(0).ElementType != ElementType.Float32) return Plain(n).ToStep(n, plan);
        var shape = n.InputShape(0);
        return new GlobalPoolStep(GlobalPooling.Create(checked((int)shape.Product(0, 2)), checked((int)shape.Product(2, shape.Rank)), average, VectorWidths.Best), plan.Input(0), plan.Output(0));
    }

    public override NodeCost Cost(NodeContext n) => new(0, new SpatialWindow(null, Enumerable.Repeat(1L, n.Input(0).Rank - 2).ToValueList()));

    public override void Gradient(GradientContext g)
    {
        WindowAxis[] axes = [.. g.N.InputShape(0).Dims[2..].ToArray().Select(d => checked((int)d)).Select(d => new WindowAxis(d, d, 1, 1, 0, 0, 1))];
        g.Accumulate(0, average ? g.InternalNode("AveragePoolGradient", [g.Gradient], WindowAttribute.Of(axes)) : g.InternalNode("MaxPoolGradient", [g.Gradient, g.Input(0)], WindowAttribute.Of(axes)));
    }

    private PlainKernel Plain(NodeContext n)
    {
        var shape = n.InputShape(0);
        var axes = shape.Dims[2..].ToArray().Select(d => checked((int)d)).Select(d => new WindowAxis(d, d, 1, 1, 0, 0, 1)).ToArray();
        var geometry = new PoolGeometry(checked((int)shape.Product(0, 2)), axes);
        return n.Input(0).ElementType switch
        {
            ElementType.Float64 => new Kernel<double>(geometry, average),
            ElementType.Float16 => new Kernel<Half>(geometry, average),
            _ => new Kernel<float>(geometry, average),
        };
    }

    private sealed unsafe class Kernel<TElement>(PoolGeometry geometry, bool average) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run)
        {
            if (average) ReferencePooling.Average(geometry, run.Input<TElement>(0), run.Output<TElement>(0), includePad: false);
            else ReferencePooling.Max(geometry, run.Input<TElement>(0), run.Output<TElement>(0), null, columnMajor: false);
        }
    }

    private sealed unsafe class GlobalPoolStep(GlobalPooling pooling, Slot x, Slot y) : Step
    {
        public override void Run(in StepRun run) => pooling.Run(run.Pointer<float>(x), run.Pointer<float>(y), run.Crew);
    }
}
