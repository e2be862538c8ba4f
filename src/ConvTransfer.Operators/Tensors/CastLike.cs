using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The elements as the type of another input.</summary>
/// <remarks>Source: ONNX CastLike-15 to -25; see <see cref="Cast"/>.</remarks>
internal sealed class CastLike : Operator
{
    private static readonly IntAttribute Saturate = new("saturate", 1) { Since = 19 };
    private static readonly StringAttribute RoundMode = new("round_mode", "up", "up", "down", "nearest") { Since = 24 };

    public override OperatorSchema Schema { get; } = new("CastLike", since: [15, 19, 21, 23, 24, 25])
    {
        Inputs = [new("input", new("T1", TypeVariable.All)), new("target_type", new("T2", TypeVariable.All))],
        Outputs = [new("output", new("T2", TypeVariable.All))],
        Attributes = [Saturate, RoundMode],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        CastKernel.Check(n, n.Input(0).ElementType, n.Input(1).ElementType);
        return [n.Input(0) with { ElementType = n.Input(1).ElementType }];
    }

    public override void Gradient(GradientContext g) => g.Accumulate(0, g.Node("CastLike", [g.Gradient, g.Input(0)]));

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => CastKernel.Of(n, n.Output(0).ElementType)?.Evaluate(n, x) ?? [x[0]!.Clone()];

    public override Step Lower(NodeContext n, LoweringContext plan) => CastKernel.Of(n, n.Output(0).ElementType)?.ToStep(n, plan) ?? LoweringContext.Alias();
}
