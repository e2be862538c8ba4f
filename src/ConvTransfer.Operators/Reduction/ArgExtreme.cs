using System.Numerics;
using ConvTransfer.Engine.Reduction;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Reduction;

/// <summary>ArgMax and ArgMin: the index of the greatest or least element along an axis, of equal ones the first, or the last with select_last_index.</summary>
/// <remarks>Source: ONNX ArgMax-1, -11 (negative axes), -12 (select_last_index), -13 and ArgMin likewise. A NaN is taken as the extreme; the standard leaves it open.</remarks>
internal sealed class ArgExtreme(bool greatest) : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Numbers);
    private static readonly TypeVariable Index = new("tensor(int64)", [ElementType.Int64]);
    private static readonly IntAttribute AxisAttribute = new("axis");
    private static readonly IntAttribute SelectLast = new("select_last_index") { Since = 12 };

    public override OperatorSchema Schema { get; } = new(greatest ? "ArgMax" : "ArgMin", since: [1, 11, 12, 13])
    {
        Inputs = [new("data", T)],
        Outputs = [new("reduced", Index)],
        Attributes = [AxisAttribute, ReductionAxes.KeepDims, SelectLast],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        var reduced = Reduced(n);
        int axis = Array.IndexOf(reduced, true);
        n.Require(!x[axis].IsKnown || x[axis].Value > 0, $"axis {axis} of the input has length 0: there is no element to find");
        return [new TensorType(ElementType.Int64, ReductionAxes.Dims(x, reduced, n.Get(ReductionAxes.KeepDims) != 0))];
    }

    protected override PlainKernel Prepare(NodeContext n) =>
        new ReductionKernel(NumberDispatch.Make<ReductionLoop, Maker>(n.Input(0).ElementType, new Maker(ReductionAxes.Geometry(n, Reduced(n)), greatest, n.Get(SelectLast) != 0)));

    private static bool[] Reduced(NodeContext n)
    {
        bool[] reduced = new bool[n.Input(0).Rank];
        n.Require(reduced.Length > 0, "the input is a scalar, which has no axis");
        reduced[n.Axis(n.Get(AxisAttribute), reduced.Length, "attribute 'axis'")] = true;
        return reduced;
    }

    private readonly struct Maker(ReductionGeometry geometry, bool greatest, bool last) : INumberMaker<ReductionLoop>
    {
        public ReductionLoop Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement> => new ArgLoop<TElement>(geometry, greatest, last);
    }
}
