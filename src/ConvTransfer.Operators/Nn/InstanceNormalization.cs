using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = (X - mean) / sqrt(variance + epsilon) · scale + B, with the mean and variance of each channel of each image.</summary>
/// <remarks>Source: ONNX InstanceNormalization-1, -6, -22; Ulyanov, Vedaldi and Lempitsky 2016. The versions differ in types and in consumed_inputs only.</remarks>
internal sealed class InstanceNormalization : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly FloatAttribute Epsilon = new("epsilon", 1e-5f);

    public override OperatorSchema Schema { get; } = new("InstanceNormalization", since: [1, 6, 22])
    {
        Inputs = [new("input", T), new("scale", T), new("B", T)],
        Outputs = [new("output", T)],
        Attributes = [Epsilon, LegacyAxis.ConsumedInputs],
    };

    public override OperatorRole Role => OperatorRole.Arithmetic;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        n.Require(x.Rank >= 3, $"the input is {x}, expected [N, C, …] with at least one spatial axis");
        for (int i = 1; i < 3; i++) n.Require(n.Input(i).Rank == 1 && n.Input(i)[0].MayEqual(x[1]), $"input '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {n.Input(i)}, expected one number for each of the {x[1]} channels");
        return [x];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAttributes.Without(base.Lift(n, lift), lift, LegacyAxis.ConsumedInputs);

    // With x' the normalized input: dx = (d − mean(d) − x' · mean(d · x')) / deviation, where d = scale · dy.
    public override void Gradient(GradientContext g)
    {
        var shape = g.N.InputShape(0);
        long[] spatial = [.. Enumerable.Range(2, shape.Rank - 2).Select(a => (long)a)];
        string Mean(string value) => g.Node("ReduceMean", [value, g.Integers(spatial)]);
        string Total(string value) => g.Node("ReduceSum", [value, g.Integers([0, .. spatial])], [new NodeAttribute("keepdims", new AttributeValue.Int(0))]);
        string Times(string a, string b) => g.Node("Mul", [a, b]);
        string dy = g.Gradient, centred = g.Node("Sub", [g.Input(0), Mean(g.Input(0))]);
        string deviation = g.Node("Sqrt", [g.Node("Add", [Mean(Times(centred, centred)), g.Scalar(g.N.Get(Epsilon))])]), normalized = g.Node("Div", [centred, deviation]);
        if (g.IsWanted(2)) g.Accumulate(2, Total(dy));
        if (g.IsWanted(1)) g.Accumulate(1, Total(Times(dy, normalized)));
        if (!g.IsWanted(0)) return;
        string d = Times(dy, g.Reshaped(g.Input(1), new Shape([1, shape[1], .. spatial.Select(_ => 1L)])));
        string rest = g.Node("Sub", [g.Node("Sub", [d, Mean(d)]), Times(normalized, Mean(Times(d, normalized)))]);
        g.Accumulate(0, g.Node("Div", [rest, deviation]));
    }

    protected override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(n));

    private readonly struct Maker(NodeContext n) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement>
        {
            var x = n.InputShape(0);
            return new Kernel<TElement>(new((nint)x[0], (nint)x[1], (nint)x.Product(2, x.Rank), n.Get(Epsilon), ofEachImage: true));
        }
    }

    private sealed unsafe class Kernel<TElement>(ChannelNormalization<TElement, TElement, TElement> work) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => work.Run(run.Input<TElement>(0), run.Input<TElement>(1), run.Input<TElement>(2), null, null, run.Output<TElement>(0), run.Crew);
    }
}
