using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Softmax and LogSoftmax: e^x over the sum of all, along an axis; or its logarithm.</summary>
/// <remarks>
/// Source: ONNX Softmax-1, -11, -13 and LogSoftmax-1, -11, -13. Until 11 the axes from attribute axis (default 1) on are taken together; from 13 on it is one axis (default -1).
/// </remarks>
internal sealed class Softmax(bool logarithm) : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly IntAttribute FlatAxis = new("axis", 1) { Until = 12 };
    private static readonly IntAttribute OneAxis = new("axis", -1) { Since = 13 };

    public override OperatorSchema Schema { get; } = new(logarithm ? "LogSoftmax" : "Softmax", since: [1, 11, 13])
    {
        Inputs = [new("input", T)],
        Outputs = [new("output", T)],
        Attributes = [FlatAxis, OneAxis],
        Breaking = [13],
    };

    public override OperatorRole Role => OperatorRole.Activation;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        if (n.Version >= 13) _ = Single(n);
        else _ = Flat(n);
        return [x];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 13 || lift.TargetOpset < 13) return base.Lift(n, lift);
        var x = n.Input(0);
        int axis = Flat(n);
        NodeAttribute Axis(long value) => new("axis", new AttributeValue.Int(value));
        // Where only one of the axes taken together is longer than 1, that axis alone is meant.
        int[] longer = [.. Enumerable.Range(axis, x.Rank - axis).Where(a => !x[a].IsSame(1))];
        if (longer.Length <= 1 && x.Rank > axis) return [n.Node with { Attributes = [Axis(longer.Length == 1 ? longer[0] : axis)] }];
        string output = n.Node.Outputs[0], flat = lift.FreshName($"{output}_flat"), soft = lift.FreshName($"{output}_soft"), shape = lift.FreshName($"{output}_shape");
        return
        [
            new Node("Shape", [n.Node.Inputs[0]], [shape]) { Name = shape },
            new Node("Flatten", [n.Node.Inputs[0]], [flat]) { Name = flat, Attributes = [Axis(axis)] },
            n.Node with { Inputs = [flat], Outputs = [soft], Attributes = [Axis(1)] },
            // An axis of length 0 is meant as it stands, where Reshape can be told so.
            new Node("Reshape", [soft, shape], [output]) { Name = lift.FreshName($"{output}_back"), Attributes = lift.TargetOpset >= 14 ? [new NodeAttribute("allowzero", new AttributeValue.Int(1))] : [] },
        ];
    }

    public override void Gradient(GradientContext g)
    {
        // Softmax: y · (dy − Σ dy · y). Its logarithm: dy − e^y · Σ dy.
        ValueList<string> axes = [g.Integers(Single(g.N))];
        string y = g.Output(), scaled = logarithm ? g.Gradient : g.Node("Mul", [g.Gradient, y]);
        string sum = g.N.Input(0).Rank == 0 ? scaled : g.Node("ReduceSum", [scaled, .. axes], [new NodeAttribute("keepdims", new AttributeValue.Int(1))]);
        g.Accumulate(0, logarithm ? g.Node("Sub", [g.Gradient, g.Node("Mul", [g.Node("Exp", [y]), sum])]) : g.Node("Mul", [y, g.Node("Sub", [g.Gradient, sum])]));
    }

    protected override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(n, logarithm));

    private static int Single(NodeContext n) => n.Input(0).Rank == 0 ? 0 : n.Axis(n.Get(OneAxis), n.Input(0).Rank, "attribute 'axis'");

    // The axis at which the tensor is flattened may be its rank: then every element is a row of its own.
    private static int Flat(NodeContext n)
    {
        long rank = n.Input(0).Rank, axis = n.Get(FlatAxis);
        // Version 1 speaks of no negative axis; exporters wrote them all the same, and runtimes take them.
        if (axis < 0) axis += rank;
        n.Require(axis >= 0 && axis <= rank, $"attribute 'axis' is {n.Get(FlatAxis)}, outside a tensor of rank {rank}");
        return (int)axis;
    }

    private readonly struct Maker(NodeContext n, bool logarithm) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement>
        {
            var x = n.InputShape(0);
            int axis = n.Version >= 13 ? Single(n) : Flat(n), end = n.Version >= 13 ? System.Math.Min(axis + 1, x.Rank) : x.Rank;
            return new Kernel<TElement>(new((nint)x.Product(0, axis), (nint)x.Product(axis, end), (nint)x.Product(end, x.Rank), logarithm));
        }
    }

    private sealed unsafe class Kernel<TElement>(SoftmaxLoop<TElement> loop) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => loop.Run(run.Input<TElement>(0), run.Output<TElement>(0), run.Crew);
    }
}
