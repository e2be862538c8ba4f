using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The same elements in the same order under another shape. In it 0 stands for the input's length of that axis (unless allowzero), one -1 for what is left.</summary>
/// <remarks>
/// Source: ONNX Reshape-1 (shape as an attribute), -5 to -25. With an empty batch, where the standard leaves -1 open, it is the length that every other batch has:
/// [0, 3, 4] to [0, -1] is [0, 12].
/// </remarks>
internal sealed class Reshape : AliasOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntsAttribute TargetShape = new("shape") { Until = 4 };
    private static readonly IntsAttribute ConsumedInputs = new("consumed_inputs") { Until = 4 };
    private static readonly IntAttribute AllowZero = new("allowzero") { Since = 14 };

    public override OperatorSchema Schema { get; } = new("Reshape", since: [1, 5, 13, 14, 19, 21, 23, 24, 25])
    {
        Breaking = [5],
        Inputs = [new("data", T), new("shape", new("tensor(int64)", [Engine.Tensors.ElementType.Int64])) { Since = 5, DecidesShape = true }],
        Outputs = [new("reshaped", T)],
        Attributes = [TargetShape, ConsumedInputs, AllowZero],
    };

    public override OperatorRole Role => OperatorRole.Rearrangement;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        if (n.Version >= 5) n.Require(n.Input(1).Rank == 1, $"shape is of rank {n.Input(1).Rank}, expected 1");
        var target = n.Version < 5 ? Array.ConvertAll(n.Get(TargetShape) ?? [], d => (Dim)d) : n.Elements(1);
        return [x with { Dims = target is null ? null : Target(n, x.Dims!.Value, target).ToValueList() }];
    }

    public override (int Input, long[] Values)? ForAnyBatch(NodeContext n)
    {
        if (n.Version < 5 || n.Get(AllowZero) != 0 || n.ConstantIntegers(1) is not { Length: > 0 } shape || n.Input(0).Rank == 0 || !n.Input(0)[0].IsSame(shape[0])) return null;
        shape[0] = 0;
        return (1, shape);
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 5 || lift.TargetOpset < 5) return base.Lift(n, lift);
        long[] shape = n.Get(TargetShape) ?? [];
        string input = lift.Constant("shape", TensorData.From<long>("", [shape.Length], shape));
        return [n.Node with { Inputs = [n.Node.Inputs[0], input], Attributes = [] }];
    }

    private static Dim[] Target(NodeContext n, ValueList<Dim> x, Dim[] target)
    {
        bool copies = n.Get(AllowZero) == 0;
        int inferred = -1, unknown = 0;
        var y = new Dim[target.Length];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = target[i];
            if (!target[i].IsKnown)
            {
                if (target[i].Symbol is null) unknown++;
                continue;
            }
            n.Require(target[i].Value >= -1, $"length {target[i].Value} of axis {i} is negative");
            if (target[i].Value == -1)
            {
                n.Require(inferred < 0, $"the shape [{string.Join(", ", target)}] has more than one -1");
                inferred = i;
            }
            else if (target[i].Value == 0 && copies)
            {
                n.Require(i < x.Count, $"length 0 of axis {i} stands for the input's, but the input has only {x.Count} axes");
                y[i] = x[i];
            }
        }
        n.Require(copies || inferred < 0 || !y.Contains(0), $"the shape [{string.Join(", ", target)}] has a 0, which allowzero takes as it is, and a -1");
        // One length that is not known follows from the others as -1 does, whatever its value.
        if (inferred < 0 && unknown == 1) inferred = Array.FindIndex(y, d => !d.IsKnown && d.Symbol is null);
        else if (unknown > 0 && inferred >= 0) y[inferred] = Dim.Unknown;
        if (inferred >= 0 && (unknown == 0 || !target[inferred].IsKnown))
            y[inferred] = new DimProduct(x).Without(new DimProduct(y.Where((_, i) => i != inferred))) ?? throw n.Invalid($"the elements of [{string.Join(", ", x)}] do not fill the shape [{string.Join(", ", target)}]");
        else if (unknown == 0)
            n.Require(new DimProduct(x).MayEqual(new DimProduct(y)), $"the elements of [{string.Join(", ", x)}] do not fill the shape [{string.Join(", ", target)}]");
        return y;
    }
}
