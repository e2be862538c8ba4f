using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = min(max(X, min), max); a bound that is left out is the least or greatest finite number of the type, NaN stays, and where the bounds cross max wins.</summary>
/// <remarks>Source: ONNX Clip-1, -6 (bounds as attributes), -11 (as inputs), -12 (integers), -13.</remarks>
internal sealed class Clip : StageOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Numbers);
    private static readonly FloatAttribute Min = new("min", float.MinValue) { Until = 6 };
    private static readonly FloatAttribute Max = new("max", float.MaxValue) { Until = 6 };

    public override OperatorSchema Schema { get; } = new("Clip", since: [1, 6, 11, 12, 13])
    {
        Inputs = [new("input", T), new("min", T, Presence.Optional) { Since = 11 }, new("max", T, Presence.Optional) { Since = 11 }],
        Outputs = [new("output", T)],
        Attributes = [Min, Max, LegacyAxis.ConsumedInputs],
        Breaking = [11],
    };

    public override OperatorRole Role => OperatorRole.Activation;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var type = n.Input(0).ElementType;
        n.Require(n.Version >= 12 || type.IsFloat(), $"the input is of type {type.OnnxName()}, which opset {n.Opset} does not allow; 12 does");
        for (int i = 1; i < n.InputCount; i++)
            n.Require(!n.HasInput(i) || n.Input(i).Dims!.Value.All(d => d.MayEqual(1)), $"bound '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {n.Input(i)}, expected a scalar");
        return [n.Input(0)];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift)
    {
        if (n.Version >= 11 || lift.TargetOpset < 11) return base.Lift(n, lift);
        var type = n.Input(0).ElementType;
        string Bound(string name, float value) => lift.Constant($"{n.Node.Outputs[0]}_{name}", type switch
        {
            ElementType.Float64 => TensorData.From<double>("", [], [value]),
            ElementType.Float16 => TensorData.From<Half>("", [], [(Half)value]),
            _ => TensorData.From<float>("", [], [value]),
        });
        string min = n.Has(Min) ? Bound("min", n.Get(Min)) : "", max = n.Has(Max) ? Bound("max", n.Get(Max)) : "";
        var node = LegacyAttributes.Without([n.Node], lift, Min, Max, LegacyAxis.ConsumedInputs)[0];
        string data = node.Inputs[0];
        return [node with { Inputs = max.Length > 0 ? [data, min, max] : min.Length > 0 ? [data, min] : [data] }];
    }

    public override void Gradient(GradientContext g)
    {
        float lower = float.NegativeInfinity, upper = float.PositiveInfinity;
        for (int bound = 1; bound <= 2; bound++)
        {
            if (g.IsWanted(bound)) throw g.N.Unsupported("the bounds of a clip cannot be trained");
            if (!g.N.HasInput(bound)) continue;
            if (g.N.ConstantFloats(bound) is not [float value]) throw g.N.Unsupported("a clip whose bounds are not constant has no gradient");
            // Bounds in double are rounded inward: a result that is the bound must not lie within.
            double exact = g.N.Constant(bound) is { ElementType: ElementType.Float64 } tensor ? tensor.AsSpan<double>()[0] : value;
            if (bound == 1) lower = value < exact ? MathF.BitIncrement(value) : value;
            else upper = value > exact ? MathF.BitDecrement(value) : value;
        }
        g.Accumulate(0, g.InternalNode("ClipGradient", [g.Gradient, g.Output()], ClipGradient.Bounds(lower, upper)));
    }

    protected override EpilogueStage? Stage(NodeContext n)
    {
        float lower = float.MinValue, upper = float.MaxValue;
        if (n.Version < 11)
        {
            (lower, upper) = (n.Get(Min), n.Get(Max));
        }
        else
        {
            if (n.HasInput(1) && !Known(n, 1, ref lower)) return null;
            if (n.HasInput(2) && !Known(n, 2, ref upper)) return null;
        }
        // The stage asks for the lower bound first; one number for both gives what the operator asks for.
        return new EpilogueStage(EpilogueKind.Clip) { Minimum = upper < lower ? upper : lower, Maximum = upper };
    }

    protected override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(n));

    private static bool Known(NodeContext n, int input, ref float value)
    {
        if (n.Constant(input) is not { } tensor) return false;
        value = tensor.AsSpan<float>()[0];
        return true;
    }

    private readonly struct Maker(NodeContext n) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement>
        {
            return new Kernel<TElement>(n.InputShape(0).ElementCount, Bound(n, Min, TElement.MinValue), Bound(n, Max, TElement.MaxValue));
        }

        private static TElement Bound<TElement>(NodeContext n, FloatAttribute attribute, TElement open) where TElement : INumber<TElement> =>
            n.Has(attribute) ? TElement.CreateSaturating(n.Get(attribute)) : open;
    }

    private sealed unsafe class Kernel<TElement>(long count, TElement lower, TElement upper) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        private readonly Work _work = new();

        public override void Run(in PlainRun run)
        {
            TElement* min = run.Input<TElement>(1), max = run.Input<TElement>(2);
            var state = new State { X = run.Input<TElement>(0), Y = run.Output<TElement>(0), Count = (nint)count, Clamping = new(min is null ? lower : *min, max is null ? upper : *max) };
            run.Crew.For(_work, &state, checked((int)((count + Work.PerUnit - 1) / Work.PerUnit)));
        }

        private struct State
        {
            public TElement* X;
            public TElement* Y;
            public nint Count;
            public Clamping<TElement> Clamping;
        }

        private sealed class Work : CrewWork
        {
            public const int PerUnit = 16 << 10;

            internal override void RunUnit(void* state, int unit, int worker)
            {
                ref var s = ref *(State*)state;
                nint end = System.Math.Min(s.Count, ((nint)unit + 1) * PerUnit);
                for (nint i = (nint)unit * PerUnit; i < end; i++) s.Y[i] = s.Clamping.Apply(s.X[i]);
            }
        }
    }
}
