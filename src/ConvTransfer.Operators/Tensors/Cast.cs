using ConvTransfer.Core;
using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Tensors;

/// <summary>The elements as another type.</summary>
/// <remarks>
/// Source: ONNX Cast-1 (the type as text), -6 to -25. What the standard leaves open is said at <see cref="ElementCast"/>. Conversions between text and numbers,
/// and the types that the engine does not compute with, are refused; saturate and round_mode concern only these and have no effect.
/// </remarks>
internal sealed class Cast : Operator
{
    private static readonly StringAttribute ToText = new("to") { Required = true, Until = 5 };
    private static readonly IntAttribute To = new("to") { Required = true, Since = 6 };
    private static readonly IntAttribute Saturate = new("saturate", 1) { Since = 19 };
    private static readonly StringAttribute RoundMode = new("round_mode", "up", "up", "down", "nearest") { Since = 24 };

    public override OperatorSchema Schema { get; } = new("Cast", since: [1, 6, 9, 13, 19, 21, 23, 24, 25])
    {
        Breaking = [6],
        Inputs = [new("input", new("T1", TypeVariable.All))],
        Outputs = [new("output", new("T2", TypeVariable.All))],
        Attributes = [ToText, To, Saturate, RoundMode],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        var to = Target(n);
        CastKernel.Check(n, x.ElementType, to);
        return [x with { ElementType = to }];
    }

    public override Dim[]? InferElements(NodeContext n) => n.Input(0).ElementType is ElementType.Int64 or ElementType.Int32 ? n.Elements(0) : null;

    public override void Gradient(GradientContext g) => g.Accumulate(0, g.Node("CastLike", [g.Gradient, g.Input(0)]));

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => CastKernel.Of(n, Target(n))?.Evaluate(n, x) ?? [x[0]!.Clone()];

    public override Step Lower(NodeContext n, LoweringContext plan) => CastKernel.Of(n, Target(n))?.ToStep(n, plan) ?? LoweringContext.Alias();

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 6 || lift.TargetOpset < 6) return base.Lift(n, lift);
        return [n.Node with { Attributes = [new NodeAttribute(To.Name, new AttributeValue.Int((long)Target(n)))] }];
    }

    private static ElementType Target(NodeContext n)
    {
        if (n.Version >= 6)
        {
            long number = n.Get(To);
            n.Require(number is > 0 and < int.MaxValue && Enum.IsDefined((ElementType)number), $"to is {number}, which is no element type");
            return (ElementType)number;
        }
        string text = n.Get(ToText);
        foreach (var type in Enum.GetValues<ElementType>())
            if (type != ElementType.Undefined && string.Equals(type.OnnxName(), text, StringComparison.OrdinalIgnoreCase)) return type;
        throw n.Invalid($"to is '{DisplayText.Escape(text)}', which is no element type");
    }
}
