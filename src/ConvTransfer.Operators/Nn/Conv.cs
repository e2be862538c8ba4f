using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y[n, m, o] = B[m] + Σ W[m, c, t] · X[n, c, o · stride − pad + t · dilation], over the channels c of the filter's group and the taps t: a cross-correlation, as the standard means it.</summary>
/// <remarks>Source: ONNX Conv-1, -11, -22. 11 states the defaults of strides and dilations, 22 adds types; no version breaks nodes of an older one.</remarks>
internal sealed class Conv : Operator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly IntAttribute Group = new("group", 1) { Least = 1 };

    public override OperatorSchema Schema { get; } = new("Conv", since: [1, 11, 22])
    {
        Inputs = [new("X", T), new("W", T), new("B", T, Presence.Optional)],
        Outputs = [new("Y", T)],
        Attributes = [SlidingWindow.AutoPad, SlidingWindow.KernelShape, SlidingWindow.Strides, SlidingWindow.Pads, SlidingWindow.Dilations, Group],
    };

    public override OperatorRole Role => OperatorRole.WeightedLayer;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var window = Window(n);
        TensorType x = n.Input(0), w = n.Input(1);
        long group = n.Get(Group);
        foreach (var dim in w.Dims!.Value) n.Require(!dim.IsKnown || dim.Value >= 1, $"weights {Shown(n, 1)} are {w}: a length of 0 leaves nothing to convolve");
        if (w[0].IsKnown) n.Require(w[0].Value % group == 0, $"weights {Shown(n, 1)} hold {w[0].Value} filters, which attribute 'group' {group} does not divide");
        if (x[1].IsKnown && w[1].IsKnown)
        {
            long wanted = checked(w[1].Value * group);
            n.Require(x[1].Value == wanted, $"input {Shown(n, 0)} has {x[1].Value} channels, the weights {Shown(n, 1)} expect {w[1].Value} x group {group} = {wanted}");
        }
        if (n.HasInput(2))
        {
            var b = n.Input(2);
            n.Require(b.Rank == 1 && b[0].MayEqual(w[0]), $"bias {Shown(n, 2)} is {b}, expected one number for each of the {w[0]} filters");
        }
        return [x with { Dims = [x[0], w[0], .. window.OutputDims()] }];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override bool TakesEpilogue(NodeContext n) => n.Input(0).ElementType == ElementType.Float32;

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (n.Input(0).ElementType != ElementType.Float32) return Plain(n).ToStep(n, plan);
        var convolution = F32Convolution.Create(Geometry(n), new RowEpilogue(plan.Epilogue), VectorWidths.Best);
        var packed = n.Constant(1) is { } w ? Pack(convolution, w, plan) : null;
        plan.ReserveScratch(crew => convolution.ScratchBytes(crew, packed is not null));
        return new ConvStep(convolution, packed, plan.Input(0), packed is null ? plan.Input(1) : Slot.None, plan.Input(2), plan.Residuals.ToArray(), plan.Output(0));
    }

    public override NodeCost Cost(NodeContext n)
    {
        var window = Window(n).Receptive();
        TensorType w = n.Input(1), y = n.Output(0);
        if (!w.IsStatic || !y.IsStatic) return new NodeCost(null, window);
        return new NodeCost(checked(n.OutputShape(0).ElementCount * n.InputShape(1).Product(1, w.Rank)), window);
    }

    public override void Gradient(GradientContext g)
    {
        NodeAttribute[] attributes = [WindowAttribute.Of(Window(g.N).Axes()), new(Group.Name, new AttributeValue.Int(g.N.Get(Group)))];
        if (g.IsWanted(0)) g.Accumulate(0, g.InternalNode("ConvInputGradient", [g.Gradient, g.Input(1)], attributes));
        if (g.IsWanted(1)) g.Accumulate(1, g.InternalNode("ConvWeightGradient", [g.Input(0), g.Gradient], attributes));
        if (g.IsWanted(2)) g.Accumulate(2, g.Node("ReduceSum", [g.Gradient, g.Integers([0, .. Enumerable.Range(2, g.N.Input(0).Rank - 2)])], [new NodeAttribute("keepdims", new AttributeValue.Int(0))]));
    }

    private static SlidingWindow Window(NodeContext n) => new(n, SlidingWindow.ReadWeightsKernel(n), SlidingWindow.Dilations);

    private static ConvolutionGeometry Geometry(NodeContext n)
    {
        Shape x = n.InputShape(0), w = n.InputShape(1);
        return new ConvolutionGeometry(checked((int)x[0]), checked((int)x[1]), checked((int)w[0]), checked((int)n.Get(Group)), Window(n).Axes());
    }

    private static PlainKernel Plain(NodeContext n) => n.Input(0).ElementType switch
    {
        ElementType.Float64 => new PlainConvolution<double>(Geometry(n)),
        ElementType.Float16 => new PlainConvolution<Half>(Geometry(n)),
        _ => new PlainConvolution<float>(Geometry(n)),
    };

    private static unsafe PackedWeights Pack(F32Convolution convolution, Tensor w, LoweringContext plan) =>
        plan.Shared($"{convolution.WeightsForm}, {(int)VectorWidths.Best} lanes", () => convolution.Pack((float*)w.Pointer));

    private static string Shown(NodeContext n, int input) => SlidingWindow.Shown(n, input);

    private sealed unsafe class PlainConvolution<TElement>(ConvolutionGeometry geometry) : PlainKernel where TElement : unmanaged, System.Numerics.INumberBase<TElement>
    {
        public override long ScratchBytes(int crew) => ReferenceConvolution.ScratchBytes(geometry);

        public override void Run(in PlainRun run) =>
            ReferenceConvolution.Run(geometry, run.Input<TElement>(0), run.Input<TElement>(1), run.Input<TElement>(2), run.Output<TElement>(0), run.Scratch);
    }

    private sealed unsafe class ConvStep(F32Convolution convolution, PackedWeights? packed, Slot x, Slot w, Slot b, Slot[] residuals, Slot y) : Step
    {
        public override void Run(in StepRun run)
        {
            float** addends = stackalloc float*[residuals.Length];
            for (int i = 0; i < residuals.Length; i++) addends[i] = run.Pointer<float>(residuals[i]);
            var operands = new ConvolutionOperands { X = run.Pointer<float>(x), W = run.Pointer<float>(w), Bias = run.Pointer<float>(b), Y = run.Pointer<float>(y), Residuals = addends, Scratch = run.Scratch };
            convolution.Run(operands, packed, run.Crew);
        }
    }
}
