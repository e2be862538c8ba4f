using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Z = X to the power of Y, of X's type; computed in double, of integers to whole powers exactly.</summary>
/// <remarks>Source: ONNX Pow-1, -7 (numpy's spreading), -12 (integers, and a type of its own for Y), -13, -15 (types only).</remarks>
internal sealed class Pow : PlainOperator
{
    private static readonly TypeVariable T = new("T", [.. TypeVariable.Floats, ElementType.Int32, ElementType.Int64]);
    private static readonly TypeVariable T1 = new("T1", TypeVariable.Numbers);

    public override OperatorSchema Schema { get; } = new("Pow", since: [1, 7, 12, 13, 15])
    {
        Inputs = [new("X", T), new("Y", T1)],
        Outputs = [new("Z", T)],
        Attributes = [LegacyAxis.Axis, LegacyAxis.Broadcast],
        Breaking = [7],
    };

    public override OperatorRole Role => OperatorRole.Arithmetic;

    public override TensorType[] InferTypes(NodeContext n)
    {
        ElementType x = n.Input(0).ElementType, y = n.Input(1).ElementType;
        n.Require(n.Version >= 12 || (x.IsFloat() && x == y), $"the inputs are of type {x.OnnxName()} and {y.OnnxName()}; before opset 12 both are of one floating point type");
        var dims = LegacyAxis.Applies(n) ? LegacyAxis.Dims(n) : Broadcasting.Dims(n, 0, 1);
        return [new TensorType(x, [.. dims])];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAxis.Applies(n) ? LegacyAxis.Lift(n, lift, [n.Node]) : base.Lift(n, lift);

    // To a power of 0 the slope is 0, also at 0; the logarithm is taken above 0 only, and counts as 0 at 0.
    public override void Gradient(GradientContext g)
    {
        string x = g.Input(0), y = g.Input(1), exponent = g.N.Input(1).ElementType == g.N.Input(0).ElementType ? y : g.Node("CastLike", [y, x]), zero = g.Scalar(0);
        if (g.IsWanted(0))
        {
            string slope = g.Node("Mul", [exponent, g.Node("Pow", [x, g.Node("Sub", [exponent, g.Scalar(1)])])]);
            g.AccumulateSpread(0, g.Node("Mul", [g.Gradient, g.Node("Where", [g.Node("Equal", [exponent, zero]), zero, slope])]));
        }
        if (!g.IsWanted(1)) return;
        string logarithm = g.Node("Where", [g.Node("Equal", [x, zero]), zero, g.Node("Log", [x])]);
        string part = g.SummedTo(g.Node("Mul", [g.Gradient, g.Node("Mul", [g.Output(), logarithm])]), g.N.OutputShape(0), g.N.InputShape(1));
        g.Accumulate(1, exponent == y ? part : g.Node("CastLike", [part, y]));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var geometry = LegacyAxis.Applies(n) ? LegacyAxis.Geometry(n) : Broadcasting.Geometry(n, 0, 1);
        return new LoopKernel(NumberDispatch.Make<ElementLoop, Bases>(n.Input(0).ElementType, new Bases(n.Input(1).ElementType, geometry)));
    }

    private readonly struct Bases(ElementType exponent, SpreadGeometry geometry) : INumberMaker<ElementLoop>
    {
        public ElementLoop Make<TX>() where TX : unmanaged, INumber<TX>, IMinMaxValue<TX> => NumberDispatch.Make<ElementLoop, Exponents<TX>>(exponent, new(geometry));
    }

    private readonly struct Exponents<TX>(SpreadGeometry geometry) : INumberMaker<ElementLoop> where TX : unmanaged, INumber<TX>
    {
        public ElementLoop Make<TY>() where TY : unmanaged, INumber<TY>, IMinMaxValue<TY> => new BinaryLoop<TX, TY, TX, PowerFunction<TX, TY>>(geometry);
    }
}
