using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The tensor spread over a shape: axes of length 1 are repeated, and missing ones put in front.</summary>
/// <remarks>Source: ONNX Expand-8, -13; numpy's rule, both ways: a 1 in the shape keeps the input's length.</remarks>
internal sealed class Expand : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);

    public override OperatorSchema Schema { get; } = new("Expand", since: [8, 13])
    {
        Inputs = [new("input", T), new("shape", new("tensor(int64)", [ElementType.Int64])) { DecidesShape = true }],
        Outputs = [new("output", T)],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        n.Require(n.Input(1).Rank == 1, $"shape is of rank {n.Input(1).Rank}, expected 1");
        if (n.Elements(1) is not { } shape) return [x with { Dims = null }];
        var dims = new Dim[System.Math.Max(x.Rank, shape.Length)];
        for (int i = 0; i < dims.Length; i++)
        {
            Dim own = i < dims.Length - x.Rank ? 1 : x[i - dims.Length + x.Rank], wanted = i < dims.Length - shape.Length ? 1 : shape[i - dims.Length + shape.Length];
            n.Require(!wanted.IsKnown || wanted.Value >= 0, $"length {wanted} of the shape is negative");
            dims[i] = Broadcasting.Spread(own, wanted) ?? throw n.Invalid($"{x} does not spread over the shape [{string.Join(", ", shape)}]");
        }
        return [x with { Dims = dims.ToValueList() }];
    }

    public override void Gradient(GradientContext g) => g.AccumulateSpread(0, g.Gradient);

    protected override PlainKernel Prepare(NodeContext n)
    {
        var y = n.OutputShape(0);
        return new CopyKernel(n.Input(0).ElementType, new CopyPart(0, 0, new StridedCopy(y.Dims, Broadcasting.Strides(n.InputShape(0), y), StridedCopy.DenseStrides(y.Dims))));
    }
}
