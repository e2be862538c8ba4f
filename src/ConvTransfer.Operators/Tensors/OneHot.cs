using System.Numerics;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>For every index a new axis of length depth that holds the second of the values at the index, and the first everywhere else.</summary>
/// <remarks>
/// Source: ONNX OneHot-9, -11. Negative indices count from the back since 11; an index outside gives the first value everywhere. Indices and depth may be of any type of numbers;
/// fractions are cut off, and a NaN is taken as 0, which the standard leaves open.
/// </remarks>
internal sealed class OneHot : PlainOperator
{
    private static readonly TypeVariable T1 = new("T1", TypeVariable.Numbers);
    private static readonly TypeVariable T2 = new("T2", TypeVariable.Numbers);
    private static readonly TypeVariable T3 = new("T3", TypeVariable.All);
    private static readonly IntAttribute AxisOf = new("axis", -1);

    public override OperatorSchema Schema { get; } = new("OneHot", since: [9, 11])
    {
        Inputs = [new("indices", T1), new("depth", T2) { DecidesShape = true }, new("values", T3)],
        Outputs = [new("output", T3)],
        Attributes = [AxisOf],
        Breaking = [11],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType indices = n.Input(0), depth = n.Input(1), values = n.Input(2);
        n.Require(depth.Rank <= 1 && depth.Dims!.Value.All(d => d.MayEqual(1)), $"depth is {depth}, expected a single number");
        n.Require(values.Rank == 1 && values[0].MayEqual(2), $"the values are {values}, expected two: for off and on");
        int axis = Axis(n);
        Dim length = Depth(n) is long known ? known : Dim.Unknown;
        n.Require(!length.IsKnown || length.Value >= 0, $"depth is {length}, expected at least 0");
        return [values with { Dims = [.. indices.Dims!.Value.Take(axis), length, .. indices.Dims!.Value.Skip(axis)] }];
    }

    // In opset 9 a negative index lies outside; what is greater than every depth does so in any.
    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 11 || lift.TargetOpset < 11) return base.Lift(n, lift);
        string hint = n.Node.Outputs[0], whole = lift.FreshName($"{hint}_whole"), negative = lift.FreshName($"{hint}_negative"), moved = lift.FreshName($"{hint}_indices");
        string zero = lift.Constant("zero", TensorData.From<long>("", [], [0])), outside = lift.Constant("outside", TensorData.From<long>("", [], [long.MaxValue]));
        return
        [
            new Node("Cast", [n.Node.Inputs[0]], [whole]) { Name = whole, Attributes = [new NodeAttribute("to", new AttributeValue.Int((long)ElementType.Int64))] },
            new Node("Less", [whole, zero], [negative]) { Name = negative },
            new Node("Where", [negative, outside, whole], [moved]) { Name = moved },
            n.Node with { Inputs = [moved, n.Node.Inputs[1], n.Node.Inputs[2]] },
        ];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var indices = n.InputShape(0);
        int axis = Axis(n);
        long depth = Depth(n) ?? throw n.Invalid("the value of input 1 (depth) is not known when the plan is made");
        var reader = NumberDispatch.Make<IndexReader, IndexReaders>(n.Input(0).ElementType, default);
        var layout = new OneHotLayout(indices.Product(0, axis), depth, indices.Product(axis, indices.Rank), FromBack: n.Version >= 11);
        if (n.Input(2).ElementType == ElementType.String) return new StringKernel(layout, reader);
        return n.Input(2).ElementType.SizeInBytes() switch
        {
            1 => new Kernel<byte>(layout, reader),
            2 => new Kernel<ushort>(layout, reader),
            4 => new Kernel<uint>(layout, reader),
            _ => new Kernel<ulong>(layout, reader),
        };
    }

    private static int Axis(NodeContext n) => n.Axis(n.Get(AxisOf), n.Input(0).Rank + 1, "attribute 'axis'");

    private static unsafe long? Depth(NodeContext n)
    {
        if (n.Constant(1) is not { } depth) return null;
        n.Require(depth.ElementCount == 1, $"depth has {depth.ElementCount} elements, expected one");
        return NumberDispatch.Make<IndexReader, IndexReaders>(depth.ElementType, default).At(depth.Pointer, 0);
    }

    /// <summary>The result as [outer, depth, inner].</summary>
    private sealed record OneHotLayout(long Outer, long Depth, long Inner, bool FromBack)
    {
        public long Count => Outer * Depth * Inner;

        /// <summary>The element that an index switches on; -1 where it switches none.</summary>
        public long On(long at, long index)
        {
            if (FromBack && index < 0 && index >= -Depth) index += Depth;
            return index < 0 || index >= Depth ? -1 : (((at / Inner * Depth) + index) * Inner) + (at % Inner);
        }
    }

    private abstract unsafe class IndexReader
    {
        public abstract long At(byte* numbers, long index);
    }

    private sealed unsafe class IndexReader<TIndex> : IndexReader where TIndex : unmanaged, INumber<TIndex>
    {
        public override long At(byte* numbers, long index) => long.CreateSaturating(((TIndex*)numbers)[index]);
    }

    private readonly struct IndexReaders : INumberMaker<IndexReader>
    {
        public IndexReader Make<TIndex>() where TIndex : unmanaged, INumber<TIndex>, IMinMaxValue<TIndex> => new IndexReader<TIndex>();
    }

    // Elements are moved as words of their size.
    private sealed unsafe class Kernel<TWord>(OneHotLayout layout, IndexReader reader) : PlainKernel where TWord : unmanaged
    {
        public override void Run(in PlainRun run)
        {
            byte* indices = run.Input<byte>(0);
            TWord* values = run.Input<TWord>(2), to = run.Output<TWord>(0);
            for (long i = 0; i < layout.Count; i++) to[i] = values[0];
            for (long i = 0; i < layout.Outer * layout.Inner; i++)
                if (layout.On(i, reader.At(indices, i)) is >= 0 and long on) to[on] = values[1];
        }
    }

    private sealed unsafe class StringKernel(OneHotLayout layout, IndexReader reader) : PlainKernel
    {
        public override void Run(in PlainRun run)
        {
            byte* indices = run.Input<byte>(0);
            string[] values = run.InputStrings(2), to = run.OutputStrings(0);
            Array.Fill(to, values[0]);
            for (long i = 0; i < layout.Outer * layout.Inner; i++)
                if (layout.On(i, reader.At(indices, i)) is >= 0 and long on) to[on] = values[1];
        }
    }
}
