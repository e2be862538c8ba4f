using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = (X - mean) / sqrt(variance + epsilon) · scale + bias, with the mean and variance of each group of channels of each image.</summary>
/// <remarks>
/// Source: ONNX GroupNormalization-18 (a scale and bias for each group), -21 (for each channel; stash_type); Wu and He 2018.
/// Statistics are taken in double, whatever stash_type says.
/// </remarks>
internal sealed class GroupNormalization : RowNormalizationOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly IntAttribute Groups = new("num_groups") { Required = true, Least = 1 };
    private static readonly IntAttribute StashType = new("stash_type", 1) { Since = 21 };

    public override OperatorSchema Schema { get; } = new("GroupNormalization", since: [18, 21])
    {
        Inputs = [new("X", T), new("scale", T), new("bias", T)],
        Outputs = [new("Y", T)],
        Attributes = [Epsilon, Groups, StashType],
        Breaking = [21],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        RequireEpsilon(n);
        var x = n.Input(0);
        long groups = n.Get(Groups);
        n.Require(x.Rank >= 2, $"input X is {x}, expected [N, C, …]");
        n.Require(!x[1].IsKnown || groups <= x[1].Value, $"input X has {x[1]} channels, fewer than attribute 'num_groups' {groups}");
        n.Require(!x[1].IsKnown || x[1].Value % groups == 0, $"input X has {x[1]} channels, which attribute 'num_groups' {groups} does not divide");
        // FLOAT, FLOAT16, DOUBLE and BFLOAT16 as the standard numbers them.
        n.Require(n.Get(StashType) is 1 or 10 or 11 or 16, $"attribute 'stash_type' is {n.Get(StashType)}, expected a floating point type: 1, 10, 11 or 16");
        Dim count = n.Version < 21 ? groups : x[1];
        string what = n.Version < 21 ? $"{groups} groups" : $"{x[1]} channels";
        for (int i = 1; i < 3; i++) n.Require(n.Input(i).Rank == 1 && n.Input(i)[0].MayEqual(count), $"input '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {n.Input(i)}, expected one number for each of the {what}");
        return [x];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 21 || lift.TargetOpset < 21) return base.Lift(n, lift);
        if (!n.Input(0)[1].IsKnown) throw n.Unsupported("the number of channels is not known, so the scale of each group cannot be written for each channel");
        long groups = n.Get(Groups), perGroup = n.Input(0)[1].Value / groups;
        string column = lift.Constant("column", TensorData.From<long>("", [2], [groups, 1])), table = lift.Constant("table", TensorData.From<long>("", [2], [groups, perGroup])), flat = lift.Constant("flat", TensorData.From<long>("", [1], [groups * perGroup]));
        var nodes = new List<Node>();
        string OfChannels(string name)
        {
            foreach (var (op, shape) in new[] { ("Reshape", column), ("Expand", table), ("Reshape", flat) })
            {
                string next = lift.FreshName($"{n.Node.Outputs[0]}_{op}");
                nodes.Add(new Node(op, [name, shape], [next]) { Name = next });
                name = next;
            }
            return name;
        }

        string scale = OfChannels(n.Node.Inputs[1]), bias = OfChannels(n.Node.Inputs[2]);
        return [.. nodes, n.Node with { Inputs = [n.Node.Inputs[0], scale, bias] }];
    }

    public override void Gradient(GradientContext g)
    {
        var x = g.N.InputShape(0);
        long groups = g.N.Get(Groups), perGroup = x[1] / groups;
        var spread = new Shape([groups, g.N.Version < 21 ? 1 : perGroup, 1]);
        RowNormalizationGradient.Emit(g, new Shape([x[0], groups, perGroup, x.Product(2, x.Rank)]), 2, _ => spread, g.N.Get(Epsilon));
    }

    protected override (nint Rows, ScaleLayout Layout) Rows(NodeContext n)
    {
        var x = n.InputShape(0);
        nint groups = (nint)n.Get(Groups), perGroup = (nint)x[1] / groups, positions = (nint)x.Product(2, x.Rank);
        return ((nint)x[0] * groups, n.Version < 21 ? new ScaleLayout(groups, 1, perGroup * positions) : new ScaleLayout(groups, perGroup, positions));
    }
}
