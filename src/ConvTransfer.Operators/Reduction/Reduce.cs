using System.Numerics;
using ConvTransfer.Engine.Reduction;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Reduction;

/// <summary>What a reduction makes of the elements that it takes together.</summary>
internal enum ReductionKind
{
    Sum,
    Mean,
    Max,
    Min,
    Prod,
    L1,
    L2,
    LogSum,
    LogSumExp,
    SumSquare,
}

/// <summary>The ten reductions over axes: sums in double, of integers exactly as far as 64 bits hold them; logarithms and roots of integers are cut towards zero.</summary>
/// <remarks>
/// Source: ONNX Reduce*-1, -11 (negative axes), -13, -18 (axes as input; ReduceSum from 13 on), ReduceMax and ReduceMin -12 (8-bit integers), -20 (truth values).
/// No axes mean all of them, unless noop_with_empty_axes is set.
/// </remarks>
internal sealed class Reduce : PlainOperator
{
    private static readonly ElementType[] Types = [.. TypeVariable.Floats, ElementType.Int32, ElementType.Int64, ElementType.UInt32, ElementType.UInt64];
    private readonly ReductionKind _kind;
    private readonly int _inputSince;
    private readonly IntsAttribute _axes;
    private readonly IntAttribute _noop;

    /// <summary>Creates a reduction.</summary>
    public Reduce(ReductionKind kind)
    {
        _kind = kind;
        _inputSince = kind == ReductionKind.Sum ? 13 : 18;
        _axes = new IntsAttribute("axes") { Until = _inputSince - 1 };
        _noop = new IntAttribute("noop_with_empty_axes") { Since = _inputSince };
        bool extreme = kind is ReductionKind.Max or ReductionKind.Min;
        var t = new TypeVariable("T", extreme ? [.. Types, ElementType.UInt8, ElementType.Int8, ElementType.Bool] : Types);
        Schema = new OperatorSchema($"Reduce{kind}", kind == ReductionKind.Sum ? [1, 11, 13] : extreme ? [1, 11, 12, 13, 18, 20] : [1, 11, 13, 18])
        {
            Inputs = [new("data", t), new("axes", new TypeVariable("tind", [ElementType.Int64]), Presence.Optional) { Since = _inputSince, DecidesShape = true }],
            Outputs = [new("reduced", t)],
            Attributes = [_axes, ReductionAxes.KeepDims, _noop],
            Breaking = [_inputSince],
        };
    }

    public override OperatorSchema Schema { get; }

    public override OperatorRole Role => OperatorRole.Pooling;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        n.Require(x.ElementType != ElementType.Bool || n.Version >= 20, $"the input is of type bool, which opset {n.Opset} does not allow; 20 does");
        n.Require(x.ElementType is not (ElementType.UInt8 or ElementType.Int8) || n.Version >= 12, $"the input is of type {x.ElementType.OnnxName()}, which opset {n.Opset} does not allow; 12 does");
        return [x with { Dims = ReductionAxes.Dims(x, Axes(n), n.Get(ReductionAxes.KeepDims) != 0) }];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= _inputSince || lift.TargetOpset < _inputSince) return base.Lift(n, lift);
        var node = LegacyAttributes.Without([n.Node], lift, _axes)[0];
        if (n.Get(_axes) is not { Length: > 0 } axes) return [node];
        return [node with { Inputs = [node.Inputs[0], lift.Constant($"{node.Outputs[0]}_axes", TensorData.From<long>("", [axes.Length], axes))] }];
    }

    public override void Gradient(GradientContext g)
    {
        Shape x = g.N.InputShape(0), kept = Kept(x, Axes(g.N)!);
        string data = g.Input(0), y = g.N.OutputShape(0).Rank == x.Rank ? g.Output() : g.Reshaped(g.Output(), kept), dy = g.N.OutputShape(0).Rank == x.Rank ? g.Gradient : g.Reshaped(g.Gradient, kept);
        string Spread(string value) => g.Node("Expand", [value, g.Integers(x.Dims)]);
        string Times(string factor) => g.Node("Mul", [dy, factor]);
        g.Accumulate(0, _kind switch
        {
            ReductionKind.Sum => Spread(dy),
            ReductionKind.Mean => Spread(g.Node("Div", [dy, g.Scalar((double)x.ElementCount / System.Math.Max(1, kept.ElementCount))])),
            ReductionKind.L1 => Times(g.Node("Sign", [data])),
            // At 0, where there is no derivative, 0 is taken. The quotient is at most 1, however small the norm.
            ReductionKind.L2 => Times(g.Node("Div", [data, g.Node("Where", [g.Node("Equal", [y, g.Scalar(0)]), g.Scalar(1), y])])),
            ReductionKind.SumSquare => Times(g.Node("Mul", [data, g.Scalar(2)])),
            ReductionKind.LogSum => Spread(g.Node("Div", [dy, g.Node("Exp", [y])])),
            ReductionKind.LogSumExp => Times(g.Node("Exp", [g.Node("Sub", [data, y])])),
            // Where several elements are the extreme one, each has a share of the gradient.
            ReductionKind.Max or ReductionKind.Min => Shared(g, data, y, dy),
            _ => ProductGradient.Emit(g, dy, data, Axes(g.N)!),
        });
    }

    private string Shared(GradientContext g, string data, string y, string dy)
    {
        bool[] reduced = Axes(g.N)!;
        string hits = g.Node("CastLike", [g.Node("Equal", [data, y]), data]);
        if (!reduced.Contains(true)) return dy;
        string count = g.Node("ReduceSum", [hits, g.Integers([.. Enumerable.Range(0, reduced.Length).Where(axis => reduced[axis]).Select(axis => (long)axis)])]);
        return g.Node("Mul", [hits, g.Node("Div", [dy, count])]);
    }

    // The input's shape with length 1 where it is reduced.
    private static Shape Kept(Shape x, bool[] reduced) => new([.. Enumerable.Range(0, x.Rank).Select(axis => reduced[axis] ? 1 : x[axis])]);

    protected override PlainKernel Prepare(NodeContext n) => new ReductionKernel(NumberDispatch.Make<ReductionLoop, Maker>(n.Input(0).ElementType, new Maker(_kind, ReductionAxes.Geometry(n, Axes(n)), n.Input(0).ElementType)));

    private bool[]? Axes(NodeContext n) => ReductionAxes.Find(n, _axes, _inputSince, emptyIsNone: n.Get(_noop) != 0);

    private readonly struct Maker(ReductionKind kind, ReductionGeometry geometry, ElementType type) : INumberMaker<ReductionLoop>
    {
        public ReductionLoop Make<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            switch (kind)
            {
                case ReductionKind.Max or ReductionKind.Min:
                    bool greatest = kind == ReductionKind.Max;
                    T lowest = type.IsFloat() ? T.CreateTruncating(double.NegativeInfinity) : T.MinValue, highest = type == ElementType.Bool ? T.One : type.IsFloat() ? T.CreateTruncating(double.PositiveInfinity) : T.MaxValue;
                    return new ExtremeLoop<T>(geometry, greatest, greatest ? lowest : highest);
                case ReductionKind.L2: return new SumLoop<T, double, L2Reduction>(geometry);
                case ReductionKind.LogSum: return new SumLoop<T, double, LogSumReduction>(geometry);
                case ReductionKind.LogSumExp: return new LogSumExpLoop<T>(geometry);
            }
            return type.IsFloat() ? Sums<T, double>() : type == ElementType.UInt64 ? Sums<T, ulong>() : Sums<T, long>();
        }

        private ReductionLoop Sums<T, TAccumulator>() where T : unmanaged, INumber<T> where TAccumulator : INumber<TAccumulator> => kind switch
        {
            ReductionKind.Sum => new SumLoop<T, TAccumulator, SumReduction<TAccumulator>>(geometry),
            ReductionKind.Mean => new SumLoop<T, TAccumulator, MeanReduction<TAccumulator>>(geometry),
            ReductionKind.Prod => new SumLoop<T, TAccumulator, ProductReduction<TAccumulator>>(geometry),
            ReductionKind.L1 => new SumLoop<T, TAccumulator, L1Reduction<TAccumulator>>(geometry),
            _ => new SumLoop<T, TAccumulator, SumSquareReduction<TAccumulator>>(geometry),
        };
    }
}

/// <summary>A reduction loop as a routine.</summary>
internal sealed unsafe class ReductionKernel(ReductionLoop loop) : PlainKernel
{
    public override void Run(in PlainRun run) => loop.Run(run.Input<byte>(0), run.Output<byte>(0), run.Crew);
}
