using ConvTransfer.Engine.Convolution;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y[n, m, i] = B[m] + Σ over channels c and taps t with o · stride − pad + t · dilation = i of X[n, c, o] · W[c, m, t]: the gradient of a convolution with the filters W by its input, taken as a layer.</summary>
/// <remarks>Source: ONNX ConvTranspose-1, -11, -22. 11 states the defaults of strides and dilations, 22 adds types; no version breaks nodes of an older one.</remarks>
internal sealed class ConvTranspose : Operator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly IntAttribute Group = new("group", 1) { Least = 1 };

    public override OperatorSchema Schema { get; } = new("ConvTranspose", since: [1, 11, 22])
    {
        Inputs = [new("X", T), new("W", T), new("B", T, Presence.Optional)],
        Outputs = [new("Y", T)],
        Attributes = [SlidingWindow.AutoPad, SlidingWindow.KernelShape, SlidingWindow.Strides, SlidingWindow.Pads, SlidingWindow.Dilations, Group, TransposedWindow.OutputPadding, TransposedWindow.OutputShape],
    };

    public override OperatorRole Role => OperatorRole.WeightedLayer;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var window = Window(n);
        TensorType x = n.Input(0), w = n.Input(1);
        long group = n.Get(Group);
        foreach (var dim in w.Dims!.Value) n.Require(!dim.IsKnown || dim.Value >= 1, $"weights {SlidingWindow.Shown(n, 1)} are {w}: a length of 0 leaves nothing to convolve");
        foreach (var channels in new[] { x[1], w[0] }) n.Require(!channels.IsKnown || channels.Value % group == 0, $"input {SlidingWindow.Shown(n, 0)} has {channels} channels, which attribute 'group' {group} does not divide");
        n.Require(w[0].MayEqual(x[1]), $"input {SlidingWindow.Shown(n, 0)} has {x[1]} channels, the weights {SlidingWindow.Shown(n, 1)} expect {w[0]}");
        Dim filters = w[1].IsKnown ? checked(w[1].Value * group) : group == 1 ? w[1] : Dim.Unknown;
        if (n.HasInput(2))
        {
            var b = n.Input(2);
            n.Require(b.Rank == 1 && b[0].MayEqual(filters), $"bias {SlidingWindow.Shown(n, 2)} is {b}, expected one number for each of the {filters} output channels");
        }
        return [x with { Dims = [x[0], filters, .. window.OutputDims()] }];
    }

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => Plain(n).Evaluate(n, x);

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        var g = Geometry(n);
        if (n.Input(0).ElementType != ElementType.Float32 || !F32ConvolutionInputGradient.Suits(g)) return Plain(n).ToStep(n, plan);
        var sums = F32ConvolutionInputGradient.Create(g, VectorWidths.Best);
        var packed = n.Constant(1) is { } w ? Pack(sums, w, plan) : null;
        plan.ReserveScratch(crew => sums.ScratchBytes(crew, packed is not null));
        var bias = n.HasInput(2) ? new VectorBinaryLoop<AddFunction<float>>(new SpreadGeometry([g.Batch, g.Channels, g.InputPlane], [(long)g.Channels * g.InputPlane, g.InputPlane, 1], [0, 1, 0]), VectorWidths.Best) : null;
        return new TransposeStep(sums, packed, bias, plan.Input(0), packed is null ? plan.Input(1) : Slot.None, plan.Input(2), plan.Output(0));
    }

    public override NodeCost Cost(NodeContext n)
    {
        var window = Window(n).Receptive();
        return new NodeCost(n.Input(0).IsStatic && n.Input(1).IsStatic ? checked(n.InputShape(0).ElementCount * n.InputShape(1).Product(1, n.Input(1).Rank)) : null, window);
    }

    public override void Gradient(GradientContext g)
    {
        var axes = Window(g.N).Axes();
        NodeAttribute group = new(Group.Name, new AttributeValue.Int(g.N.Get(Group)));
        if (g.IsWanted(2)) g.Accumulate(2, g.Node("ReduceSum", [g.Gradient, g.Integers([0, .. Enumerable.Range(2, axes.Length)])], [new NodeAttribute("keepdims", new AttributeValue.Int(0))]));
        // Behind the reach of all windows stands the bias alone; without these elements the convolution has exactly X's positions.
        long[] reach = [.. axes.Select(a => System.Math.Min(a.Input, ((a.Output - 1) * (long)a.Stride) + WindowAxis.Span(a.Kernel, a.Dilation) - a.PadBegin))];
        if (reach.Any(r => r <= 0)) return;
        if (g.IsWanted(1)) g.Accumulate(1, g.InternalNode("ConvWeightGradient", [g.Gradient, g.Input(0)], WindowAttribute.Of(axes), group));
        if (!g.IsWanted(0)) return;
        string dy = g.Gradient;
        if (reach.Zip(axes).Any(x => x.First < x.Second.Input))
            dy = g.Node("Slice", [dy, g.Integers([.. axes.Select(_ => 0L)]), g.Integers(reach), g.Integers([.. axes.Select((_, a) => a + 2L)])]);
        NodeAttribute List(IntsAttribute attribute, IEnumerable<int> values) => new(attribute.Name, new AttributeValue.Ints(values.Select(v => (long)v).ToValueList()));
        g.Accumulate(0, g.Node("Conv", [dy, g.Input(1)],
            [group, List(SlidingWindow.Strides, axes.Select(a => a.Stride)), List(SlidingWindow.Dilations, axes.Select(a => a.Dilation)), List(SlidingWindow.Pads, [.. axes.Select(a => a.PadBegin), .. axes.Select(a => a.PadEnd)])]));
    }

    private static TransposedWindow Window(NodeContext n) => new(n, SlidingWindow.ReadWeightsKernel(n));

    // Of the convolution whose gradient this is: its input is Y, its output X, its filters are X's channels.
    private static ConvolutionGeometry Geometry(NodeContext n) =>
        new(checked((int)n.InputShape(0)[0]), checked((int)n.OutputShape(0)[1]), checked((int)n.InputShape(0)[1]), checked((int)n.Get(Group)), Window(n).Axes());

    private static unsafe PackedWeights Pack(F32ConvolutionInputGradient sums, Tensor w, LoweringContext plan) =>
        plan.Shared($"transposed: {sums.WeightsForm}, {(int)VectorWidths.Best} lanes", () => sums.Pack((float*)w.Pointer));

    private static PlainKernel Plain(NodeContext n) => n.Input(0).ElementType switch
    {
        ElementType.Float64 => new PlainTranspose<double>(Geometry(n)),
        ElementType.Float16 => new PlainTranspose<Half>(Geometry(n)),
        _ => new PlainTranspose<float>(Geometry(n)),
    };

    private sealed unsafe class PlainTranspose<TElement>(ConvolutionGeometry geometry) : PlainKernel where TElement : unmanaged, System.Numerics.INumberBase<TElement>
    {
        public override long ScratchBytes(int crew) => ReferenceConvolutionGradients.ScratchBytes(geometry);

        public override void Run(in PlainRun run) =>
            ReferenceConvolutionGradients.Input(geometry, run.Input<TElement>(0), run.Input<TElement>(1), run.Output<TElement>(0), run.Scratch, run.Input<TElement>(2));
    }

    private sealed unsafe class TransposeStep(F32ConvolutionInputGradient sums, PackedWeights? packed, ElementLoop? bias, Slot x, Slot w, Slot b, Slot y) : Step
    {
        public override void Run(in StepRun run)
        {
            sums.Run(run.Pointer<float>(x), run.Pointer<float>(w), run.Pointer<float>(y), run.Scratch, run.Crew, packed);
            bias?.Run(run.Pointer<byte>(y), run.Pointer<byte>(b), run.Pointer<byte>(y), run.Crew);
        }
    }
}
