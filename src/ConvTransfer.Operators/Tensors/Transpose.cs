using ConvTransfer.Engine.Movement;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>Axis i of the output is axis perm[i] of the input; without perm the axes are reversed.</summary>
/// <remarks>Source: ONNX Transpose-1 to -25; the versions differ in types only.</remarks>
internal sealed class Transpose : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntsAttribute Perm = new("perm");

    public override OperatorSchema Schema { get; } = new("Transpose", since: [1, 13, 21, 23, 24, 25])
    {
        Inputs = [new("data", T)],
        Outputs = [new("transposed", T)],
        Attributes = [Perm],
    };

    public override OperatorRole Role => OperatorRole.Rearrangement;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        return [x with { Dims = Permutation(n).Select(axis => x[axis]).ToValueList() }];
    }

    public override void Gradient(GradientContext g)
    {
        int[] perm = Permutation(g.N);
        long[] back = new long[perm.Length];
        for (int axis = 0; axis < perm.Length; axis++) back[perm[axis]] = axis;
        g.Accumulate(0, g.Node("Transpose", [g.Gradient], [new NodeAttribute(Perm.Name, new AttributeValue.Ints([.. back]))]));
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        var y = n.OutputShape(0);
        long[] strides = StridedCopy.DenseStrides(x.Dims), from = [.. Permutation(n).Select(axis => strides[axis])];
        return new CopyKernel(n.Input(0).ElementType, new CopyPart(0, 0, new StridedCopy(y.Dims, from, StridedCopy.DenseStrides(y.Dims))));
    }

    private static int[] Permutation(NodeContext n)
    {
        int rank = n.Input(0).Rank;
        if (n.Get(Perm) is not { } perm) return [.. Enumerable.Range(0, rank).Reverse()];
        n.Require(perm.Length == rank && perm.Order().Select((axis, i) => axis == i).All(same => same), $"perm [{string.Join(", ", perm)}] is no permutation of the axes 0 to {rank - 1}");
        return Array.ConvertAll(perm, axis => (int)axis);
    }
}
