using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>A matrix of the same elements: the axes before <c>axis</c> become its rows, the others its columns.</summary>
/// <remarks>Source: ONNX Flatten-1 to -25. A negative axis counts from the back since version 11; axis may be the rank, which gives one column.</remarks>
internal sealed class Flatten : AliasOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.All);
    private static readonly IntAttribute AxisOf = new("axis", 1);

    public override OperatorSchema Schema { get; } = new("Flatten", since: [1, 9, 11, 13, 21, 23, 24, 25])
    {
        Inputs = [new("input", T)],
        Outputs = [new("output", T)],
        Attributes = [AxisOf],
    };

    public override OperatorRole Role => OperatorRole.Rearrangement;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        long axis = n.Get(AxisOf), least = n.Version < 11 ? 0 : -x.Rank;
        n.Require(axis >= least && axis <= x.Rank, $"axis {axis} is outside a tensor of rank {x.Rank}, expected {least} to {x.Rank}");
        if (axis < 0) axis += x.Rank;
        var dims = x.Dims!.Value;
        return [x with { Dims = [new DimProduct(dims.Take((int)axis)).ToDim(), new DimProduct(dims.Skip((int)axis)).ToDim()] }];
    }

    public override Dim[]? InferElements(NodeContext n) => null;
}
