using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>Y = X where X ≥ 0, otherwise slope · X; the slope is spread over X.</summary>
/// <remarks>Source: ONNX PRelu-1, -6 (one slope, or one for each channel), -7 (spread one way), -9 (integers), -16.</remarks>
internal sealed class PRelu : PlainOperator
{
    private static readonly TypeVariable T = new("T", [.. TypeVariable.Floats, ElementType.Int32, ElementType.Int64, ElementType.UInt32, ElementType.UInt64]);

    public override OperatorSchema Schema { get; } = new("PRelu", since: [1, 6, 7, 9, 16])
    {
        Inputs = [new("X", T), new("slope", T)],
        Outputs = [new("Y", T)],
        Attributes = [LegacyAxis.ConsumedInputs],
        Breaking = [7],
    };

    public override OperatorRole Role => OperatorRole.Activation;

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType x = n.Input(0), slope = n.Input(1);
        n.Require(n.Version >= 9 || x.ElementType.IsFloat(), $"the inputs are of type {x.ElementType.OnnxName()}, which opset {n.Opset} does not allow; 9 does");
        int first = First(n, x.Rank, slope);
        n.Require(first >= 0 && first + slope.Rank <= x.Rank && Enumerable.Range(0, slope.Rank).All(i => slope[i].MayEqual(1) || slope[i].MayEqual(x[first + i])), $"slope of type {slope} does not spread over X of type {x}");
        return [x];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 7 || lift.TargetOpset < 7) return base.Lift(n, lift);
        var node = LegacyAttributes.Without([n.Node], lift, LegacyAxis.ConsumedInputs)[0];
        int behind = n.Input(0).Rank - 2;
        if (n.Input(1).Rank != 1 || behind <= 0 || n.Input(1)[0].IsSame(1)) return [node];
        // One slope for each channel: from 7 on its axis must stand before the spatial ones.
        if (lift.TargetOpset < 13) throw n.Unsupported($"a node of opset {n.Opset} is rewritten for opset 13 or later");
        string aligned = lift.FreshName($"{node.Outputs[0]}_slope");
        string axes = lift.Constant($"{aligned}_axes", TensorData.From<long>("", [behind], Enumerable.Range(1, behind).Select(a => (long)a).ToArray()));
        return [new Node("Unsqueeze", [node.Inputs[1], axes], [aligned]) { Name = aligned }, node with { Inputs = [node.Inputs[0], aligned] }];
    }

    public override void Gradient(GradientContext g)
    {
        string x = g.Input(0), below = g.Node("Less", [x, g.Scalar(0)]), dy = g.Gradient;
        if (g.IsWanted(0)) g.Accumulate(0, g.Node("Where", [below, g.Node("Mul", [dy, g.Input(1)]), dy]));
        if (g.IsWanted(1)) g.AccumulateSpread(1, g.Node("Where", [below, g.Node("Mul", [dy, x]), g.Scalar(0)]));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        Shape x = n.InputShape(0), slope = n.InputShape(1);
        var geometry = new SpreadGeometry(x.Dims, Broadcasting.Strides(x, x), Broadcasting.Strides(slope, x, First(n, x.Rank, n.Input(1))));
        return new LoopKernel(n.Input(0).ElementType switch
        {
            ElementType.Float64 => new BinaryLoop<double, double, double, SlopeFunction<double>>(geometry),
            ElementType.Float16 => new BinaryLoop<Half, Half, Half, SlopeFunction<Half>>(geometry),
            ElementType.Int32 => new BinaryLoop<int, int, int, SlopeFunction<int>>(geometry),
            ElementType.Int64 => new BinaryLoop<long, long, long, SlopeFunction<long>>(geometry),
            ElementType.UInt32 => new BinaryLoop<uint, uint, uint, SlopeFunction<uint>>(geometry),
            ElementType.UInt64 => new BinaryLoop<ulong, ulong, ulong, SlopeFunction<ulong>>(geometry),
            _ => new BinaryLoop<float, float, float, SlopeFunction<float>>(geometry),
        });
    }

    // Before 7 a vector of slopes belongs to the channels, axis 1.
    private static int First(NodeContext n, int rank, TensorType slope) => n.Version < 7 && slope.Rank == 1 && rank > 1 && !slope[0].IsSame(1) ? 1 : rank - slope.Rank;
}
