using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Sum, Mean, Max and Min: any number of operands, taken together from the first to the last.</summary>
internal abstract class VariadicOperator : PlainOperator
{
    /// <summary>Creates the operator.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="since">Its versions.</param>
    /// <param name="types">The element types of the newest version.</param>
    /// <param name="output">The standard's name of the output.</param>
    protected VariadicOperator(string name, int[] since, ElementType[] types, string output)
    {
        var t = new TypeVariable("T", types);
        Schema = new OperatorSchema(name, since)
        {
            Inputs = [new("data_0", t, Presence.Variadic)],
            Outputs = [new(output, t)],
            Attributes = [LegacyAxis.ConsumedInputs],
        };
    }

    public override OperatorSchema Schema { get; }

    public override OperatorRole Role => OperatorRole.Arithmetic;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var type = n.Input(0).ElementType;
        n.Require(n.Version >= 12 || type.IsFloat(), $"the inputs are of type {type.OnnxName()}, which opset {n.Opset} does not allow");
        if (n.Version < 8)
        {
            for (int i = 1; i < n.InputCount; i++)
                n.Require(n.Input(i).Rank == n.Input(0).Rank && Enumerable.Range(0, n.Input(i).Rank).All(a => n.Input(i)[a].MayEqual(n.Input(0)[a])), $"input {i} is {n.Input(i)}, input 0 is {n.Input(0)}; before opset 8 all must have one shape");
        }
        return [new TensorType(type, [.. Broadcasting.Dims(n, Enumerable.Range(0, n.InputCount))])];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAttributes.Without(base.Lift(n, lift), lift, LegacyAxis.ConsumedInputs);

    /// <summary>The gradient of a choice: what equals the result has a share of the gradient, of several each an equal one.</summary>
    protected static void ShareAmongHits(GradientContext g)
    {
        string[] hits = [.. Enumerable.Range(0, g.N.InputCount).Select(i => g.Node("CastLike", [g.Node("Equal", [g.Input(i), g.Output()]), g.Output()]))];
        string part = hits.Length == 1 ? g.Gradient : g.Node("Div", [g.Gradient, g.Node("Sum", [.. hits])]);
        for (int i = 0; i < hits.Length; i++)
            if (g.IsWanted(i)) g.AccumulateSpread(i, g.Node("Mul", [part, hits[i]]));
    }

    /// <summary>The loop that takes two operands together.</summary>
    protected abstract ElementLoop Pair<T>(SpreadGeometry geometry) where T : unmanaged, INumber<T>;

    /// <summary>What follows when all are taken together, over as many elements, or null.</summary>
    protected virtual ElementLoop? Last<T>(int operands, long count) where T : unmanaged, INumber<T> => null;

    protected sealed override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(this, n));

    private readonly struct Maker(VariadicOperator op, NodeContext n) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var result = n.OutputShape(0);
            long[] own = Broadcasting.Strides(result, result);
            var loops = new ElementLoop[n.InputCount];
            // The first step lays the first operand down; each later one takes the next into the result.
            loops[0] = new UnaryCopy<T>(new SpreadGeometry(result.Dims, Broadcasting.Strides(n.InputShape(0), result)));
            for (int i = 1; i < loops.Length; i++) loops[i] = op.Pair<T>(new SpreadGeometry(result.Dims, own, Broadcasting.Strides(n.InputShape(i), result)));
            return new Kernel(loops, op.Last<T>(loops.Length, result.ElementCount));
        }
    }

    private sealed unsafe class UnaryCopy<T>(SpreadGeometry geometry) : ElementLoop(geometry) where T : unmanaged
    {
        private protected override void RunRow(void* x, void* y, void* result, nint row, nint from, nint to)
        {
            nint stride = Geometry.InnerStride(0);
            T* a = (T*)x + Geometry.Offset(0, row) + (from * stride), z = (T*)result + (row * Geometry.Inner);
            for (nint i = from; i < to; i++, a += stride) z[i] = *a;
        }
    }

    private sealed unsafe class Kernel(ElementLoop[] loops, ElementLoop? last) : PlainKernel
    {
        public override void Run(in PlainRun run)
        {
            byte* y = run.Output<byte>(0);
            loops[0].Run(run.Input<byte>(0), null, y, run.Crew);
            for (int i = 1; i < loops.Length; i++) loops[i].Run(y, run.Input<byte>(i), y, run.Crew);
            last?.Run(y, null, y, run.Crew);
        }
    }
}
