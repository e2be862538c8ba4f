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

    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => CastKernel.Of(n, n.Output(0).ElementType)?.Evaluate(n, x) ?? [x[0]!.Clone()];

    public override Step Lower(NodeContext n, LoweringContext plan) => CastKernel.Of(n, n.Output(0).ElementType)?.ToStep(n, plan) ?? LoweringContext.Alias();
}

/// <summary>Changes the type of elements.</summary>
internal sealed unsafe class CastKernel : PlainKernel
{
    private readonly ElementCast _cast;
    private readonly long _count;

    private CastKernel(ElementCast cast, long count) => (_cast, _count) = (cast, count);

    /// <summary>The kernel for a node, or null where nothing changes. A plan holds float16 as float32; then the values are still rounded as float16 demands.</summary>
    public static CastKernel? Of(NodeContext n, ElementType to)
    {
        var from = n.Input(0).ElementType;
        var held = n.Output(0).ElementType;
        bool round = to == ElementType.Float16 && held == ElementType.Float32;
        return from == held && !round ? null : new CastKernel(new ElementCast(from, held, round), n.OutputShape(0).ElementCount);
    }

    /// <summary>Refuses what is not converted.</summary>
    public static void Check(NodeContext n, ElementType from, ElementType to)
    {
        if (!to.IsSupported()) throw n.Unsupported($"a cast to {to.OnnxName()} is not supported; the engine does not compute with it");
        if (from != to && (from == ElementType.String || to == ElementType.String)) throw n.Unsupported($"a cast from {from.OnnxName()} to {to.OnnxName()} is not supported");
    }

    public override void Run(in PlainRun run) => _cast.Run(run.Input<byte>(0), run.Output<byte>(0), _count, run.Crew);
}
