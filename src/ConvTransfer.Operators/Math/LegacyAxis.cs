using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Math;

/// <summary>The spreading of opsets before 7: only the second operand, only where attribute broadcast is set, aligned by attribute axis or by its last axes.</summary>
/// <remarks>Source: ONNX Add-1, -6.</remarks>
internal static class LegacyAxis
{
    /// <summary>The last version that spreads so.</summary>
    private const int Last = 6;

    public static readonly IntAttribute Broadcast = new("broadcast") { Until = Last };
    public static readonly IntAttribute Axis = new("axis") { Until = Last };
    public static readonly IntsAttribute ConsumedInputs = new("consumed_inputs") { Until = 5 };

    /// <summary>True when a node is of such a version.</summary>
    public static bool Applies(NodeContext n) => n.Version <= Last;

    /// <summary>The type's dims: the first operand's.</summary>
    public static Dim[] Dims(NodeContext n)
    {
        TensorType a = n.Input(0), b = n.Input(1);
        if (n.Get(Broadcast) == 0)
        {
            n.Require(a.Rank == b.Rank && Enumerable.Range(0, a.Rank).All(i => a[i].MayEqual(b[i])), $"the inputs are {a} and {b}; without attribute 'broadcast' they must have one shape");
            return [.. a.Dims!.Value];
        }
        int first = First(n, a.Rank, b.Rank);
        for (int i = 0; i < b.Rank; i++)
            n.Require(b[i].MayEqual(1) || b[i].MayEqual(a[first + i]), $"input 1 of type {b} does not spread over input 0 of type {a} from axis {first} on");
        return [.. a.Dims!.Value];
    }

    /// <summary>The loop geometry.</summary>
    public static SpreadGeometry Geometry(NodeContext n)
    {
        Shape a = n.InputShape(0), b = n.InputShape(1);
        int first = n.Get(Broadcast) == 0 ? 0 : First(n, a.Rank, b.Rank);
        return new SpreadGeometry(a.Dims, Broadcasting.Strides(a, a), Broadcasting.Strides(b, a, first));
    }

    /// <summary>The node for opset 7 and later: the second operand gets axes of length 1 behind its own where it was not aligned by its last.</summary>
    public static Node[] Lift(NodeContext n, LiftContext lift, Node[] lifted)
    {
        if (!Applies(n) || lift.TargetOpset <= Last) return lifted;
        lifted = LegacyAttributes.Without(lifted, lift, Broadcast, Axis, ConsumedInputs);
        if (n.Get(Broadcast) == 0) return lifted;
        int behind = n.Input(0).Rank - First(n, n.Input(0).Rank, n.Input(1).Rank) - n.Input(1).Rank;
        if (behind == 0) return lifted;
        string aligned = lift.FreshName($"{n.Node.Outputs[0]}_aligned");
        ValueList<long> axes = Enumerable.Range(n.Input(1).Rank, behind).Select(a => (long)a).ToValueList();
        var unsqueeze = lift.TargetOpset >= 13
            ? new Node("Unsqueeze", [n.Node.Inputs[1], lift.Constant($"{aligned}_axes", TensorData.From<long>("", [behind], axes.AsSpan()))], [aligned])
            : new Node("Unsqueeze", [n.Node.Inputs[1]], [aligned]) { Attributes = [new NodeAttribute("axes", new AttributeValue.Ints(axes))] };
        return [unsqueeze with { Name = aligned }, .. lifted.Select(node => node with { Inputs = [node.Inputs[0], aligned] })];
    }

    private static int First(NodeContext n, int rankA, int rankB)
    {
        n.Require(rankB <= rankA, $"input 1 of rank {rankB} does not spread over input 0 of rank {rankA}");
        if (!n.Has(Axis)) return rankA - rankB;
        long axis = n.Get(Axis);
        if (axis < 0) axis += rankA;
        n.Require(axis >= 0 && axis + rankB <= rankA, $"attribute 'axis' is {n.Get(Axis)}: input 1 of rank {rankB} does not lie within input 0 of rank {rankA}");
        return (int)axis;
    }
}
