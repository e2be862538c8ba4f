using System.Numerics;
using ConvTransfer.Engine.Reduction;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Reduction;

/// <summary>The k greatest or least elements along an axis, in order, and their indices; of equal ones the one with the lower index comes first.</summary>
/// <remarks>
/// Source: ONNX TopK-1 (k as an attribute), -10 (as an input), -11 (largest, sorted, integers), -24 (types). The result is in order whatever sorted says.
/// A NaN comes before all numbers, as for ArgMax; the standard leaves it open.
/// </remarks>
internal sealed class TopK : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Numbers);
    private static readonly TypeVariable Index = new("tensor(int64)", [ElementType.Int64]);
    private static readonly IntAttribute AxisOf = new("axis", -1);
    private static readonly IntAttribute Count = new("k") { Until = 9, Required = true, Least = 0 };
    private static readonly IntAttribute Largest = new("largest", 1) { Since = 11 };
    private static readonly IntAttribute Sorted = new("sorted", 1) { Since = 11 };

    public override OperatorSchema Schema { get; } = new("TopK", since: [1, 10, 11, 24])
    {
        Inputs = [new("X", T), new("K", Index) { Since = 10, DecidesShape = true }],
        Outputs = [new("Values", T), new("Indices", Index)],
        Attributes = [AxisOf, Count, Largest, Sorted],
        Breaking = [10],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        n.Require(n.Version >= 11 || x.ElementType.IsFloat(), $"input X is of type {x.ElementType.OnnxName()}, which opset {n.Opset} does not allow; 11 does");
        n.Require(x.Rank > 0, "the input is a scalar, which has no axis");
        if (n.Version >= 10) n.Require(n.Input(1).Rank == 1 && n.Input(1)[0].MayEqual(1), $"K is {n.Input(1)}, expected a vector of one number");
        n.Require(n.Get(Largest) is 0 or 1 && n.Get(Sorted) is 0 or 1, $"attributes 'largest' and 'sorted' are {n.Get(Largest)} and {n.Get(Sorted)}, expected 0 or 1");
        int axis = Axis(n);
        Dim k = K(n) is long known ? known : Dim.Unknown;
        n.Require(!k.IsKnown || k.Value >= 0, $"K is {k}, expected at least 0");
        n.Require(!k.IsKnown || !x[axis].IsKnown || k.Value <= x[axis].Value, $"K is {k}, but axis {axis} of {x} has {x[axis]} elements");
        var values = x with { Dims = x.Dims!.Value.Select((d, a) => a == axis ? k : d).ToValueList() };
        return [values, values with { ElementType = ElementType.Int64 }];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 10 || lift.TargetOpset < 10) return base.Lift(n, lift);
        var node = LegacyAttributes.Without([n.Node], lift, Count)[0];
        return [node with { Inputs = [n.Node.Inputs[0], lift.Constant("k", TensorData.From<long>("", [1], [n.Get(Count)]))] }];
    }

    public override void Gradient(GradientContext g)
    {
        if (g.OutputGradient(0) is { } dy) g.Accumulate(0, ElementScatter.Emit(g, dy, g.Output(1), Axis(g.N), g.N.InputShape(0)));
    }

    protected override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(n));

    private static int Axis(NodeContext n) => n.Axis(n.Get(AxisOf), n.Input(0).Rank, "attribute 'axis'");

    private static long? K(NodeContext n)
    {
        if (n.Version < 10) return n.Get(Count);
        if (n.ConstantIntegers(1) is not { } k) return null;
        n.Require(k.Length == 1, $"K has {k.Length} elements, expected one");
        return k[0];
    }

    private readonly struct Maker(NodeContext n) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement>
        {
            var x = n.InputShape(0);
            int axis = Axis(n);
            return new Kernel<TElement>(new((nint)x.Product(0, axis), checked((int)x[axis]), (nint)x.Product(axis + 1, x.Rank), checked((int)n.OutputShape(0)[axis]), n.Get(Largest) != 0));
        }
    }

    private sealed unsafe class Kernel<TElement>(TopElements<TElement> work) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override long ScratchBytes(int crew) => work.ScratchBytes(crew);

        public override void Run(in PlainRun run) => work.Run(run.Input<TElement>(0), run.Output<TElement>(0), run.Output<long>(1), run.Scratch, run.Crew);
    }
}
