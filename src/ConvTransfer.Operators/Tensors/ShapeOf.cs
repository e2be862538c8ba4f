using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The lengths of the input's axes from <c>start</c> to <c>end</c>, as int64.</summary>
/// <remarks>Source: ONNX Shape-1 to -25; start and end since version 15, held in the range of the axes.</remarks>
internal sealed class ShapeOf : PlainOperator
{
    private static readonly IntAttribute Start = new("start") { Since = 15 };
    private static readonly IntAttribute End = new("end") { Since = 15 };

    public override OperatorSchema Schema { get; } = new("Shape", since: [1, 13, 15, 19, 21, 23, 24, 25])
    {
        Inputs = [new("data", new("T", TypeVariable.All))],
        Outputs = [new("shape", new("T1", [ElementType.Int64]))],
        Attributes = [Start, End],
    };

    public override bool DependsOnShapesOnly => true;

    public override TensorType[] InferTypes(NodeContext n) => [new TensorType(ElementType.Int64, [Lengths(n).Length])];

    public override Dim[]? InferElements(NodeContext n) => Lengths(n);

    protected override PlainKernel Prepare(NodeContext n) => new ConstantKernel(Array.ConvertAll(Lengths(n), d => d.Value));

    private static Dim[] Lengths(NodeContext n)
    {
        var dims = n.Input(0).Dims!.Value.AsSpan();
        int start = Held(n.Get(Start), dims.Length), end = n.Has(End) ? Held(n.Get(End), dims.Length) : dims.Length;
        return start < end ? dims[start..end].ToArray() : [];
    }

    private static int Held(long axis, int rank) => (int)System.Math.Clamp(axis < 0 ? axis + rank : axis, 0, rank);
}
